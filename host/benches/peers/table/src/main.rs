//! Prints the two header lines above the benchmarks' rows.

fn main() {
    println!("{}", table::HEAD);
}
