//! Pictures in base64: the right first bytes, then noise.

use crate::rng::Rng;

/// An image as a data URI: the right first bytes, then noise.
pub(crate) fn image(rng: &mut Rng) -> String {
    let (media, magic): (&str, &[u8]) = *rng.pick(&[
        ("image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice()),
        ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01".as_slice()),
        ("image/gif", b"GIF89a".as_slice()),
    ]);
    format!("data:{media};base64,{}", image_base64(magic, rng))
}

/// The base64 of a JPEG's first bytes and noise.
pub(crate) fn photo_base64(rng: &mut Rng) -> String {
    image_base64(b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", rng)
}

fn image_base64(magic: &[u8], rng: &mut Rng) -> String {
    let mut bytes = magic.to_vec();
    for _ in 0..rng.range(20, 120) {
        bytes.extend_from_slice(&rng.next_u64().to_le_bytes());
    }
    base64(&bytes)
}

/// Base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = (0..3).fold(0_usize, |acc, i| acc << 8 | usize::from(chunk.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(char::from(ALPHABET[group >> (18 - 6 * i) & 63]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_matches_the_rfc() {
        assert_eq!(base64(b"foobar"), "Zm9vYmFy");
        assert_eq!(base64(b"foob"), "Zm9vYg==");
        assert_eq!(base64(b"fooba"), "Zm9vYmE=");
    }
}
