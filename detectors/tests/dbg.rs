mod common;
use common::*;
use blackbar_engine::testing::laws;
#[test]
fn dbg() {
    let p = &profiles()[0];
    for doc in [&b"S23-30842, uploaded to instagram.com/m"[..], b"to instagram.com/m", b"to instagram.com/m "] {
    let run = laws::stream(&SCANNER, p, blackbar_engine::Format::Text, doc, &[]);
    println!("{:?} {:?}", run.findings, run.stats);
    let n = blackbar_engine::naive::redact(&SCANNER, p, blackbar_engine::Format::Text, "document", doc);
    println!("{:?}", n.1);
    }
    println!("{:?}", SCANNER);
    for (i,d) in SCANNER.detectors().iter().enumerate() { println!("{i} {} {:?} {:?}", d.id, d.window, d.reach); }
}
