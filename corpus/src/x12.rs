//! Claims and remittances in X12: 837P and 835.

use crate::cast::Cast;
use crate::mould::Mould;
use crate::scribe::Scribe;
use crate::writer::{Encoding, Writer};

/// An interchange with a few claims, or what was paid for them.
pub(crate) fn interchange(scribe: &mut Scribe) -> Writer {
    // What the separators are cannot be spelt, nor can letters beyond the basic set.
    let upper = scribe.rng.chance(80);
    let trim = |text: &mut String| {
        let plain = |c: char| if c.is_ascii_graphic() && !"*~:^".contains(c) { c } else { ' ' };
        *text = text.chars().map(plain).collect::<String>();
        if upper {
            text.make_ascii_uppercase();
        }
    };
    let mould = Mould { encoding: Encoding::default(), trim: &trim };
    let end = if scribe.rng.chance(60) { "~\n" } else { "~" };
    let mut out = Writer::default();
    let remittance = scribe.rng.chance(35);
    let mut put = |scribe: &mut Scribe, part: &str| mould.write(scribe, &part.replace('\n', end), &mut out);
    put(scribe, HEADER);
    put(scribe, if remittance { REMITTANCE } else { CLAIMS });
    for _ in 0..scribe.rng.range(2, 6) {
        put(scribe, if remittance { PAID } else { CLAIM });
        scribe.cast = Cast::random(&mut scribe.rng);
    }
    put(scribe, "SE*42*0021\nGE*1*1\nIEA*1*000000905\n");
    out
}

const HEADER: &str = "ISA*00*          *00*          *ZZ*SUBMITTERID    *ZZ*RECEIVERID     *{+date:240101}*1253*^*00501*000000905*1*T*:\n\
                      GS*HC*SENDERCODE*RECEIVERCODE*{day}*1253*1*X*005010X222A1\n";
const CLAIMS: &str = "ST*837*0021*005010X222A1\nBHT*0019*00*{accession}*{day}*1023*CH\n\
                      NM1*41*2*CLEARINGHOUSE*****46*{-code:TGJ23}\nPER*IC*{dr2.full}*TE*{dr2.phone}\nNM1*40*2*AETNA*****46*{-code:66783JJT}\n\
                      HL*1**20*1\nPRV*BI*PXC*203BF0100Y\nNM1*85*2*{facility}*****XX*{dr.npi}\nN3*{dr.street}\nN4*{dr.city}*{dr.state}*{dr.zip}\nREF*EI*{subject}\n";
const CLAIM: &str = "HL*2*1*22*0\nSBR*P*18*{policy}******CI\nNM1*IL*1*{pt.last}*{pt.first}****MI*{member}\nN3*{pt.street}\n\
                     N4*{pt.city}*{pt.state}*{pt.zip}\nDMG*D8*{born}*{sex}\nREF*SY*{ssn}\nPER*IC*{pt.full}*TE*{pt.phone}*EM*{pt.email}\n\
                     NM1*PR*2*AETNA*****PI*{-code:60054}\nCLM*{account}*{-number:79.04}***11:B:1*Y*A*Y*I\nDTP*431*D8*{day}\nREF*EA*{mrn}\n\
                     HI*ABK:{icd}*ABF:{icd}\nNM1*82*1*{dr.last}*{dr.first}****XX*{dr.npi}\nNTE*ADD*{>hpi}\nLX*1\nSV1*HC:{cpt}*{-number:40}*UN*1***1\nDTP*472*D8*{day}\nREF*6R*{accession}\n";
const REMITTANCE: &str = "ST*835*0021\nBPR*I*{-number:132.00}*C*ACH*CCP*01*{account}*DA*{account}*1935665544**01*{account}*DA*{account}*{day}\n\
                          TRN*1*{accession}*1935665544\nDTM*405*{day}\nN1*PR*AETNA\nN3*1 PAYER PLAZA\nN1*PE*{facility}*XX*{dr.npi}\nLX*1\n";
const PAID: &str = "CLP*{account}*1*{-number:211.9}*{-number:138}**MC*{subject}\nNM1*QC*1*{pt.last}*{pt.first}****MI*{member}\nNM1*82*1*{dr.last}*{dr.first}****XX*{dr.npi}\n\
                    REF*EA*{mrn}\nDTM*232*{day}\nDTM*233*{day}\nSVC*HC:{cpt}*{-number:211.9}*{-number:138}\nDTM*472*{day}\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn the_header_has_its_length_and_segments_end() {
        for seed in 0..20 {
            let mut scribe = Scribe::new(Rng::new(seed));
            let (bytes, labels, _, _) = interchange(&mut scribe).into_parts();
            assert!(scribe.unknown().is_empty(), "{:?}", scribe.unknown());
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!((text.find('~'), text.find("GS*").is_some()), (Some(105), true), "{text}");
            assert!(text.trim_end().ends_with('~') && labels.len() > 15);
        }
    }
}
