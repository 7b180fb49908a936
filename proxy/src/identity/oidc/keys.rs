//! The keys of an issuer: each bound to one family of signatures, never chosen by a token.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

use super::json::Json;

/// The keys that an issuer publishes, as far as they can be used here.
#[derive(Debug, Default)]
pub(super) struct Keys {
    by_id: BTreeMap<String, Key>,
    /// Keys that were published without an id.
    unnamed: Vec<Key>,
}

/// A public key with what it may verify.
#[derive(Clone, Debug)]
pub(super) struct Key {
    material: Material,
    /// The only algorithm, where the issuer names it.
    algorithm: Option<Algorithm>,
}

#[derive(Clone, Debug)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// Signatures that are accepted. There is no `none`, and nothing whose secret both sides would know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

/// More keys than an issuer has.
const MOST_KEYS: usize = 64;

impl Keys {
    /// Reads a JWK set. A key that cannot be used is left out; two keys of one name are no key.
    pub(super) fn parse(document: &[u8]) -> Option<Self> {
        let document = Json::object(document)?;
        let list = document.get("keys")?.list()?;
        if list.len() > MOST_KEYS {
            return None;
        }
        let mut keys = Self::default();
        let mut twice = Vec::new();
        for member in list {
            let Json::Object(member) = member else { continue };
            let Some(key) = Key::read(member) else { continue };
            match member.get("kid") {
                None => keys.unnamed.push(key),
                Some(Json::Text(id)) => {
                    if keys.by_id.insert(id.clone(), key).is_some() {
                        twice.push(id.clone());
                    }
                }
                Some(_) => {}
            }
        }
        twice.iter().for_each(|id| drop(keys.by_id.remove(id)));
        Some(keys)
    }

    /// The key of this name. A token without one is for the only key there is.
    pub(super) fn find(&self, id: Option<&str>) -> Option<&Key> {
        match (id, self.by_id.len() + self.unnamed.len()) {
            (Some(id), _) => self.by_id.get(id),
            (None, 1) => self.unnamed.first().or_else(|| self.by_id.values().next()),
            (None, _) => None,
        }
    }
}

impl Key {
    fn read(member: &BTreeMap<String, Json>) -> Option<Self> {
        let text = |name: &str| member.get(name).and_then(Json::text);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        if member.get("use").is_some_and(|usage| usage.text() != Some("sig")) {
            return None;
        }
        if let Some(operations) = member.get("key_ops") {
            operations.list()?.iter().find(|operation| operation.text() == Some("verify"))?;
        }
        // A set that publishes secrets is not to be believed.
        if member.contains_key("d") || member.contains_key("k") {
            return None;
        }
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => Material::Rsa { n: modulus(bytes("n")?)?, e: bytes("e")? },
            ("EC", Some("P-256")) => Material::P256(point(bytes("x")?, bytes("y")?, 32)?),
            ("EC", Some("P-384")) => Material::P384(point(bytes("x")?, bytes("y")?, 48)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(bytes("x").filter(|x| x.len() == 32)?),
            _ => return None,
        };
        let algorithm = match member.get("alg") {
            None => None,
            Some(name) => Some(Algorithm::from_name(name.text()?)?),
        };
        let key = Self { material, algorithm };
        algorithm.is_none_or(|algorithm| key.fits(algorithm)).then_some(key)
    }

    /// Is this its signature? Asked for another algorithm than its own it is not.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.fits(algorithm) || self.algorithm.is_some_and(|own| own != algorithm) {
            return false;
        }
        let raw = |by: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(by, key).verify(message, signature).is_ok()
        };
        match &self.material {
            Material::Rsa { n, e } => {
                algorithm.rsa().is_some_and(|by| RsaPublicKeyComponents { n, e }.verify(by, message, signature).is_ok())
            }
            Material::P256(key) => raw(&ECDSA_P256_SHA256_FIXED, key),
            Material::P384(key) => raw(&ECDSA_P384_SHA384_FIXED, key),
            Material::Ed25519(key) => raw(&ED25519, key),
        }
    }

    const fn fits(&self, algorithm: Algorithm) -> bool {
        matches!(
            (&self.material, algorithm),
            (
                Material::Rsa { .. },
                Algorithm::Rs256
                    | Algorithm::Rs384
                    | Algorithm::Rs512
                    | Algorithm::Ps256
                    | Algorithm::Ps384
                    | Algorithm::Ps512
            ) | (Material::P256(_), Algorithm::Es256)
                | (Material::P384(_), Algorithm::Es384)
                | (Material::Ed25519(_), Algorithm::EdDsa)
        )
    }
}

impl Algorithm {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }

    fn rsa(self) -> Option<&'static RsaParameters> {
        Some(match self {
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
            Self::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Self::Ps384 => &RSA_PSS_2048_8192_SHA384,
            Self::Ps512 => &RSA_PSS_2048_8192_SHA512,
            Self::Es256 | Self::Es384 | Self::EdDsa => return None,
        })
    }
}

/// At least 2,048 bits, without leading zeros.
fn modulus(n: Vec<u8>) -> Option<Vec<u8>> {
    let first = n.iter().position(|byte| *byte != 0)?;
    let n = n.get(first..)?;
    let leading = n.first()?.leading_zeros() as usize;
    (n.len() * 8 - leading >= 2048).then(|| n.to_vec())
}

/// The uncompressed form of a point.
fn point(x: Vec<u8>, y: Vec<u8>, length: usize) -> Option<Vec<u8>> {
    (x.len() == length && y.len() == length).then(|| [vec![4], x, y].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515, appendix A.2.
    const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    const SIGNED: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    #[test]
    fn a_published_rsa_signature_verifies_by_its_own_algorithm_only() {
        let document = |extra: &str| format!(r#"{{"keys":[{{"kty":"RSA","n":"{N}","e":"AQAB"{extra}}}]}}"#);
        let find = |extra: &str| Keys::parse(document(extra).as_bytes()).unwrap().find(None).cloned();
        let key = find("").unwrap();
        let signature = URL_SAFE_NO_PAD.decode(SIGNATURE).unwrap();
        assert!(key.verifies(Algorithm::Rs256, SIGNED.as_bytes(), &signature));
        for other in [Algorithm::Rs384, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
            assert!(!key.verifies(other, SIGNED.as_bytes(), &signature), "{other:?}");
        }
        assert!(!key.verifies(Algorithm::Rs256, b"another", &signature));
        // Bound to an algorithm it is asked for no other.
        let bound = find(r#","alg":"RS512""#).unwrap();
        assert!(!bound.verifies(Algorithm::Rs256, SIGNED.as_bytes(), &signature));
        for unusable in
            [r#","alg":"ES256""#, r#","alg":"HS256""#, r#","use":"enc""#, r#","key_ops":["sign"]"#, r#","d":"AA""#]
        {
            assert!(find(unusable).is_none(), "{unusable}");
        }
    }

    #[test]
    fn short_keys_and_names_that_mean_two_keys_are_none() {
        let short = format!(r#"{{"keys":[{{"kty":"RSA","n":"{}","e":"AQAB"}}]}}"#, &N[..172]);
        assert!(Keys::parse(short.as_bytes()).unwrap().find(None).is_none());
        // 2,048 bits by the count of bytes, not by the number.
        let padded = URL_SAFE_NO_PAD.encode([vec![0; 128], vec![255; 128]].concat());
        let padded = format!(r#"{{"keys":[{{"kty":"RSA","n":"{padded}","e":"AQAB"}}]}}"#);
        assert!(Keys::parse(padded.as_bytes()).unwrap().find(None).is_none());
        let one = |id: &str| format!(r#"{{"kty":"RSA","n":"{N}","e":"AQAB","kid":"{id}"}}"#);
        let keys = Keys::parse(format!(r#"{{"keys":[{},{},{}]}}"#, one("a"), one("a"), one("b")).as_bytes()).unwrap();
        assert!(keys.find(Some("a")).is_none() && keys.find(Some("b")).is_some());
        assert!(keys.find(Some("../../b")).is_none());
        assert!(Keys::parse(br#"{"keys":{}}"#).is_none());
        assert!(Keys::parse(format!(r#"{{"keys":[{}]}}"#, vec![one("a"); 65].join(",")).as_bytes()).is_none());
    }
}
