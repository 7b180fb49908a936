//! What a credential is bound to on a connection with TLS: `tls-server-end-point` (RFC 5929), the hash of the server's
//! certificate.

use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};

/// The binding of a certificate. `None`: its signature does not say which hash to take, so there is none.
pub(super) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let algorithm = signature_hash(certificate)?;
    Some(digest(algorithm, certificate).as_ref().to_vec())
}

/// The hash of the algorithm that a certificate was signed with; older ones than SHA-256 count as that.
fn signature_hash(certificate: &[u8]) -> Option<&'static Algorithm> {
    let (SEQUENCE, whole, _) = element(certificate)? else { return None };
    let (SEQUENCE, _, rest) = element(whole)? else { return None };
    let (SEQUENCE, algorithm, _) = element(rest)? else { return None };
    let (OBJECT, id, _) = element(algorithm)? else { return None };
    // RSA with PKCS #1 (1.2.840.113549.1.1.n) and ECDSA (1.2.840.10045.4.n).
    Some(match id {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 4 | 5 | 11] => &SHA256,
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 12] => &SHA384,
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 13] => &SHA512,
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 2] => &SHA256,
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 3] => &SHA384,
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 4] => &SHA512,
        _ => return None,
    })
}

const SEQUENCE: u8 = 0x30;
const OBJECT: u8 = 0x06;

/// The tag and the content of the first DER element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0usize, |length, byte| (length << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate's outer form around an algorithm with this id.
    fn signed_with(id: &[u8]) -> Vec<u8> {
        let wrap = |tag: u8, content: &[u8]| {
            let mut out = vec![tag, 0x82, 0, u8::try_from(content.len()).unwrap()];
            out.extend_from_slice(content);
            out
        };
        let algorithm = wrap(SEQUENCE, &wrap(OBJECT, id));
        wrap(SEQUENCE, &[wrap(SEQUENCE, b"to be signed"), algorithm, wrap(3, b"signature")].concat())
    }

    #[test]
    fn the_hash_is_that_of_the_signature() {
        let rsa = |last| signed_with(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last]);
        for (certificate, length) in [(rsa(11), 32), (rsa(5), 32), (rsa(12), 48), (rsa(13), 64)] {
            assert_eq!(end_point(&certificate).unwrap().len(), length);
        }
        let ecdsa = signed_with(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 3]);
        assert_eq!(end_point(&ecdsa).unwrap(), digest(&SHA384, &ecdsa).as_ref());
        // Ed25519 names no hash.
        assert_eq!(end_point(&signed_with(&[0x2b, 0x65, 0x70])), None);
        for cut in 0..rsa(11).len() - 20 {
            assert_eq!(end_point(&rsa(11)[..cut]), None);
        }
    }
}
