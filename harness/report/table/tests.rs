use super::*;
use crate::report::tests::synthetic;
use crate::stats::summarise;

#[test]
fn look() {
    let run = synthetic::four(20);
    println!("{}", table(&run, &summarise(&run.samples)));
}
