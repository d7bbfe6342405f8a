//! Has the crate built anew when a file is added to what travels inside the program: the macro
//! that embeds it sees only changes of the files that it knows.

fn main() {
    for folder in ["../wit", "../guest-sdk", "cache"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
