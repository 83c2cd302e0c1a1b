//! Starts Gatepost; everything lives in the library.

fn main() {}
