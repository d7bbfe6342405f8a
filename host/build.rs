//! Rebuilds the crate when a file is added to a folder that the program embeds. The embedding macro
//! notices only changes of files that existed at the last build.

fn main() {
    for folder in ["../wit", "../guest-sdk", "cache"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
