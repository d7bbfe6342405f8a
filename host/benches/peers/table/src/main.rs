//! Prints the two lines above the rows that the benches print.

fn main() {
    println!("{}", table::HEAD);
}
