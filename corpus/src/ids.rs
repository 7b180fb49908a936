//! Identifiers of every kind, with valid check digits by construction.

use crate::check::{digit_value, hibcc_check, luhn_digit, mod97, vin_value};
use crate::rng::Rng;

/// Letters a Medicare beneficiary identifier may hold.
const MBI_LETTERS: &str = "ACDEFGHJKMNPQRTUVWXY";

/// A social security number: mostly one that could have been issued, now and then one that could not.
pub fn ssn(rng: &mut Rng) -> String {
    let area = match rng.index(20) {
        0 => rng.range(900, 999), // never issued as an SSN, but people write what they have
        1 => 0,
        _ => match rng.range(1, 899) {
            666 => 665,
            area => area,
        },
    };
    format!("{area:03}-{:02}-{:04}", rng.range(1, 99), rng.range(1, 9999))
}

/// A ten-digit telephone number as (area, exchange, line) of the North American plan.
pub fn phone_parts(area: &str, rng: &mut Rng) -> (String, String, String) {
    let exchange = if rng.chance(20) {
        "555".to_owned()
    } else {
        let exchange = format!("{}{}", rng.range(2, 9), rng.fill("##"));
        if exchange.ends_with("11") { format!("{}27", &exchange[..1]) } else { exchange }
    };
    (area.to_owned(), exchange, rng.fill("####"))
}

/// A telephone number in one of the ways people write one.
pub fn phone(area: &str, rng: &mut Rng) -> String {
    let (a, e, l) = phone_parts(area, rng);
    match rng.index(22) {
        0..=5 => format!("({a}) {e}-{l}"),
        6..=10 => format!("{a}-{e}-{l}"),
        11 | 12 => format!("{a}.{e}.{l}"),
        13 => format!("{a} {e} {l}"),
        14 => format!("({a}){e}-{l}"),
        15 => format!("+1 {a} {e} {l}"),
        16 => format!("1-{a}-{e}-{l}"),
        17 => format!("+1{a}{e}{l}"),
        18 => format!("{a}-{e}-{l} x{}", rng.range(10, 9999)),
        19 => format!("({a}) {e}-{l} ext. {}", rng.range(100, 9999)),
        20 => format!("{a}/{e}-{l}"),
        _ => format!("+1 ({a}) {e}-{l}"),
    }
}

/// A telephone number of another country.
pub fn phone_abroad(rng: &mut Rng) -> String {
    let pattern = *rng.pick(&[
        "+44 20 7### ####",
        "+44 7### ######",
        "+49 30 #######",
        "+52 55 #### ####",
        "+91 98### #####",
        "+33 6 ## ## ## ##",
        "+63 917 ### ####",
        "+61 4## ### ###",
        "+81 3-####-####",
        "+86 138 #### ####",
    ]);
    rng.fill(pattern)
}

/// A medical record number; one shape per document, as in one hospital.
pub fn mrn(rng: &mut Rng) -> String {
    let pattern = *rng.pick(&[
        "#######",
        "########",
        "######",
        "00######",
        "000#####",
        "##-##-##",
        "##-###-##",
        "###-##-##-#",
        "MR#######",
        "M#######",
        "A########",
        "E#######",
        "H0#######",
        "##########",
        "##.###.###",
        "@@######",
        "######-#",
        "MRN######",
        "UH-######",
        "@-#######",
    ]);
    rng.fill(pattern)
}

/// An encounter, visit or contact number.
pub fn encounter(rng: &mut Rng) -> String {
    let pattern = *rng.pick(&["#########", "V########", "E##########", "1000######", "HV########", "20##-######"]);
    rng.fill(pattern)
}

/// A Medicare beneficiary identifier, with or without dashes.
pub fn mbi(rng: &mut Rng) -> String {
    let raw = format!(
        "{}{}{}{}{}{}{}{}{}{}",
        rng.range(1, 9),
        rng.char_of(MBI_LETTERS),
        mbi_letter_or_digit(rng),
        rng.digit(),
        rng.char_of(MBI_LETTERS),
        mbi_letter_or_digit(rng),
        rng.digit(),
        rng.char_of(MBI_LETTERS),
        rng.char_of(MBI_LETTERS),
        rng.fill("##"),
    );
    if rng.chance(60) { format!("{}-{}-{}", &raw[..4], &raw[4..7], &raw[7..]) } else { raw }
}

fn mbi_letter_or_digit(rng: &mut Rng) -> char {
    if rng.chance(50) { rng.digit() } else { rng.char_of(MBI_LETTERS) }
}

/// A member number of a private plan.
pub fn member_id(rng: &mut Rng) -> String {
    let pattern = *rng.pick(&[
        "@@@#########",
        "XYP#########",
        "W#########",
        "#########",
        "###########",
        "@#########",
        "H########",
        "8########-01",
        "@@######-##",
        "ZGP###M#####",
        "U########01",
        "#########00",
        "1######## 02",
    ]);
    rng.fill(pattern)
}

/// A Medicaid or group or policy number.
pub fn policy_number(rng: &mut Rng) -> String {
    let pattern =
        *rng.pick(&["##########", "@@#####@", "#######-#", "GRP-######", "##-#####", "POL#########", "@#######@"]);
    rng.fill(pattern)
}

/// A payment card number whose last digit satisfies Luhn; `false` for a wrong last digit.
pub fn card(valid: bool, rng: &mut Rng) -> String {
    let (prefix, len) =
        *rng.pick(&[("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("37", 15), ("34", 15), ("6011", 16), ("65", 16)]);
    let body = format!("{prefix}{}", rng.digits(len - 1 - prefix.len()));
    let check = luhn_digit(&body);
    let check = if valid { check } else { (check + 1) % 10 };
    let raw = format!("{body}{check}");
    match (rng.index(4), len) {
        (0, _) => raw,
        (1, 16) => group(&raw, &[4, 4, 4, 4], "-"),
        (_, 16) => group(&raw, &[4, 4, 4, 4], " "),
        (1, _) => group(&raw, &[4, 6, 5], "-"),
        _ => group(&raw, &[4, 6, 5], " "),
    }
}

/// An international bank account number.
pub fn iban(rng: &mut Rng) -> String {
    let (country, pattern) = *rng.pick(&[
        ("DE", "##################"),
        ("GB", "@@@@##############"),
        ("FR", "#######################"),
        ("NL", "@@@@##########"),
        ("ES", "####################"),
        ("CH", "#################"),
        ("IE", "@@@@##############"),
    ]);
    let body = rng.fill(pattern);
    let remainder = mod97(&format!("{body}{country}00"));
    let raw = format!("{country}{:02}{body}", 98 - remainder);
    if rng.chance(50) {
        let mut spaced = String::new();
        for (i, c) in raw.chars().enumerate() {
            if i > 0 && i % 4 == 0 {
                spaced.push(' ');
            }
            spaced.push(c);
        }
        spaced
    } else {
        raw
    }
}

/// A bank routing number with a valid checksum.
pub fn routing(rng: &mut Rng) -> String {
    let body =
        format!("{:02}{}", *rng.pick(&[1, 2, 4, 6, 7, 8, 9, 10, 11, 12, 21, 26, 31, 32, 61, 72]), rng.fill("######"));
    let weights = [3, 7, 1, 3, 7, 1, 3, 7];
    let sum: u32 = body.chars().zip(weights).map(|(c, w)| digit_value(c) * w).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// An account number of a bank, a hospital's billing office, a guarantor.
pub fn account(rng: &mut Rng) -> String {
    let pattern = *rng.pick(&[
        "########",
        "##########",
        "############",
        "####-####-##",
        "A#######",
        "HAR########",
        "G#######",
        "###-####-#",
        "BA-#######",
        "#####-##",
        "6###########",
    ]);
    rng.fill(pattern)
}

/// A national provider identifier, 1 in 12 with a wrong last digit when `always_valid` is false.
pub fn npi(always_valid: bool, rng: &mut Rng) -> String {
    let body = format!("{}{}", rng.range(1, 2), rng.digits(8));
    let check = luhn_digit(&format!("80840{body}"));
    let check = if always_valid || !rng.chance(8) { check } else { (check + 3) % 10 };
    format!("{body}{check}")
}

/// A DEA registration number of somebody whose surname starts with `initial`.
pub fn dea(initial: char, rng: &mut Rng) -> String {
    let second =
        if initial.is_ascii_alphabetic() { initial.to_ascii_uppercase() } else { rng.char_of("ABCDEFGHKLMNPRST") };
    let digits = rng.digits(6);
    let value: Vec<u32> = digits.chars().map(digit_value).collect();
    let check = (value[0] + value[2] + value[4] + 2 * (value[1] + value[3] + value[5])) % 10;
    format!("{}{second}{digits}{check}", rng.char_of("ABFGMPR"))
}

/// A professional licence number.
pub fn licence(rng: &mut Rng) -> String {
    let pattern = *rng.pick(&[
        "MD######",
        "A######",
        "036-######",
        "ME#####",
        "G#####",
        "MD-#####",
        "35.######",
        "C1-00#####",
        "@#####",
        "RN######",
        "OS#####",
        "25MA0#######0",
        "PA-#####",
        "0101######",
    ]);
    rng.fill(pattern)
}

/// A driver's licence number.
pub fn driver_licence(rng: &mut Rng) -> String {
    let pattern = *rng.pick(&[
        "@#######",
        "########",
        "@###-####-####",
        "### ### ###",
        "@############",
        "@##-##-####",
        "#########",
        "@@######@",
        "S#########",
        "@###-###-##-###-#",
    ]);
    rng.fill(pattern)
}

/// A passport number.
pub fn passport(rng: &mut Rng) -> String {
    let pattern = *rng.pick(&["#########", "@########", "5########", "C0#######", "@@#######"]);
    rng.fill(pattern)
}

/// A vehicle identification number with a valid ninth character.
pub fn vin(rng: &mut Rng) -> String {
    const LETTERS: &str = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789";
    let maker = *rng.pick(&["1HG", "2T1", "3FA", "5YJ", "JTD", "WBA", "1FT", "1G1", "KMH", "4T1", "JN8", "WVW"]);
    let mut chars: Vec<char> = maker.chars().collect();
    chars.extend((0..5).map(|_| rng.char_of(LETTERS)));
    chars.push('0');
    chars.push(rng.char_of("ABCDEFGHJKLMNPRSTVWXY123456789"));
    chars.push(rng.char_of("ABCDEFGHJKLMNPRSTUVWXYZ"));
    chars.extend(rng.digits(6).chars());
    let weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: u32 = chars.iter().zip(weights).map(|(&c, w)| vin_value(c) * w).sum();
    chars[8] = match sum % 11 {
        10 => 'X',
        rest => char::from_digit(rest, 10).unwrap_or('0'),
    };
    chars.into_iter().collect()
}

/// A licence plate.
pub fn plate(rng: &mut Rng) -> String {
    let pattern =
        *rng.pick(&["#@@@###", "@@@-####", "@@@ ####", "@@#-###", "###-@@@", "@##-@@@", "@@@###", "## @####"]);
    rng.fill(pattern)
}

/// A unique device identifier (GS1, HIBCC or ICCBBA) that carries a serial number.
pub fn udi(rng: &mut Rng) -> String {
    match rng.index(5) {
        0 => {
            let body = format!(
                "+{}{}{}0/$${}{}/S{}",
                rng.char_of("ABDEHM"),
                rng.fill("###"),
                rng.fill("@@####"),
                rng.fill("42#"),
                rng.fill("LOT####"),
                rng.fill("@######")
            );
            let check = hibcc_check(&body);
            format!("{body}{check}")
        }
        1 => format!(
            "=/{}=,000000{}=A99971{}00=>0{}=}}0{}",
            rng.fill("A9999XYZ100T####"),
            rng.fill("######"),
            rng.fill("######"),
            rng.fill("#####"),
            rng.fill("#####")
        ),
        _ => {
            let gtin = gtin14(rng);
            let expiry = format!("{:02}{:02}{:02}", rng.range(25, 31), rng.range(1, 12), rng.range(1, 28));
            let serial_pattern = *rng.pick(&["@######", "########", "SN####@@", "####-###"]);
            let serial = rng.fill(serial_pattern);
            match rng.index(3) {
                0 => format!("(01){gtin}(17){expiry}(10){}(21){serial}", rng.fill("@####")),
                1 => format!("(01){gtin}(11){expiry}(21){serial}"),
                _ => format!("(01){gtin}(17){expiry}(21){serial}"),
            }
        }
    }
}

/// A trade item number with a valid check digit.
pub fn gtin14(rng: &mut Rng) -> String {
    let body = format!("00{}", rng.digits_no_zero_first(11));
    let sum: u32 = body.chars().enumerate().map(|(i, c)| digit_value(c) * if i % 2 == 0 { 3 } else { 1 }).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// A device's serial number.
pub fn serial(rng: &mut Rng) -> String {
    let pattern = *rng.pick(&[
        "@@@######@",
        "PJN######S",
        "SN-########",
        "@########",
        "##########",
        "####-@@-####",
        "BLC######",
        "NG#######H",
        "@@##@#####",
        "#@@####",
    ]);
    rng.fill(pattern)
}

/// The number of a mobile phone set.
pub fn imei(rng: &mut Rng) -> String {
    let body = format!("35{}", rng.digits(12));
    let check = luhn_digit(&body);
    let raw = format!("{body}{check}");
    if rng.chance(25) { group(&raw, &[2, 6, 6, 1], "-") } else { raw }
}

/// A hardware address.
pub fn mac(rng: &mut Rng) -> String {
    let octets: Vec<String> = (0..6).map(|_| rng.fill("~~")).collect();
    match rng.index(5) {
        0 => octets.join("-").to_uppercase(),
        1 => octets.join(":").to_uppercase(),
        2 => format!("{}{}.{}{}.{}{}", octets[0], octets[1], octets[2], octets[3], octets[4], octets[5]),
        _ => octets.join(":"),
    }
}

/// An IP address.
pub fn ip(rng: &mut Rng) -> String {
    match rng.index(10) {
        0 => format!("2001:db8:{}::{}", rng.fill("~~~~"), rng.fill("~~")),
        1 => format!("fe80::{}:{}ff:fe{}:{}", rng.fill("2~~"), rng.fill("~~"), rng.fill("~~"), rng.fill("~~~~")),
        2 => (0..8).map(|_| rng.fill("~~~~")).collect::<Vec<_>>().join(":"),
        3 => format!("10.{}.{}.{}", rng.range(0, 255), rng.range(0, 255), rng.range(1, 254)),
        4 => format!("192.168.{}.{}", rng.range(0, 30), rng.range(2, 254)),
        _ => format!("{}.{}.{}.{}", rng.range(11, 223), rng.range(0, 255), rng.range(0, 255), rng.range(1, 254)),
    }
}

/// An e-mail address that goes with a name.
pub fn email(given: &str, surname: &str, rng: &mut Rng) -> String {
    let given = ascii_lower(given);
    let surname = ascii_lower(surname);
    let initial = given.get(..1).unwrap_or("x").to_owned();
    let local = match rng.index(9) {
        0 | 1 => format!("{given}.{surname}"),
        2 => format!("{initial}{surname}"),
        3 => format!("{given}{}", rng.range(1, 99)),
        4 => format!("{surname}.{given}+health"),
        5 => format!("{given}_{surname}{}", rng.range(50, 99)),
        6 => format!("{initial}.{surname}{}", rng.range(1, 999)),
        7 => {
            let handle = rng.pick(&["sunnyday", "bassfisher", "grandma.of", "trucker", "quilter", "hoops", "catmom"]);
            format!("{handle}{}", rng.range(2, 2000))
        }
        _ => format!("{given}{surname}"),
    };
    let domain = rng.pick(&[
        "gmail.com",
        "yahoo.com",
        "outlook.com",
        "hotmail.com",
        "aol.com",
        "icloud.com",
        "comcast.net",
        "proton.me",
        "example.com",
        "mail.example.org",
        "verizon.net",
        "att.net",
        "students.stateu.edu",
        "live.co.uk",
        "fastmail.fm",
        "msn.com",
    ]);
    format!("{local}@{domain}")
}

/// A portal user name that goes with a name.
pub fn user_name(given: &str, surname: &str, rng: &mut Rng) -> String {
    let given = ascii_lower(given);
    let surname = ascii_lower(surname);
    match rng.index(4) {
        0 => format!("{}{surname}{}", given.get(..1).unwrap_or("x"), rng.range(1, 99)),
        1 => format!("{given}.{surname}"),
        2 => format!("{given}_{}", rng.range(10, 9999)),
        _ => format!("{surname}{}", rng.range(1940, 2009)),
    }
}

/// A web address that leads to one person.
pub fn url(user: &str, rng: &mut Rng) -> String {
    let host = rng.pick(&[
        "mychart.lakesidehealth.example",
        "portal.stmarys.example.org",
        "patients.northvalley.example",
        "www.mycarelink.example.net",
    ]);
    match rng.index(9) {
        0 => format!("https://{host}/u/{user}"),
        1 => format!("https://{host}/visit?token={}", rng.fill("~~~~~~~~~~~~")),
        2 => format!("https://www.facebook.com/{user}"),
        3 => format!("www.{user}-family.example.com"),
        4 => format!("http://{user}.blogspot.example/2023/my-surgery.html"),
        5 => format!("https://{host}/results/{}/{}?view=full&lang=en", user, rng.digits(7)),
        6 => format!("instagram.com/{user}"),
        7 => format!("https://www.gofundme.com/f/help-{user}-walk-again"),
        _ => format!("https://{host}:8443/messages/{}", rng.digits(8)),
    }
}

/// The number a laboratory gave a specimen or an examination.
pub fn accession(rng: &mut Rng) -> String {
    let pattern = *rng.pick(&[
        "S2#-#####",
        "SP-2#-######",
        "2#-###-#####",
        "CY2#-####",
        "ACC########",
        "US#######",
        "M##-######",
        "0#######-R",
        "RAD-20##-#####",
        "L########",
    ]);
    rng.fill(pattern)
}

/// A study subject, case, claim or referral number.
pub fn subject(rng: &mut Rng) -> String {
    let pattern = *rng.pick(&[
        "SUBJ-####",
        "###-####",
        "P-0##-###",
        "ST##-###",
        "@@@-###-##",
        "CASE-20##-#####",
        "PT####",
        "0##-0##-@@",
    ]);
    rng.fill(pattern)
}

/// A random UUID.
pub fn uuid(rng: &mut Rng) -> String {
    format!(
        "{}-{}-4{}-{}{}-{}",
        rng.fill("~~~~~~~~"),
        rng.fill("~~~~"),
        rng.fill("~~~"),
        rng.char_of("89ab"),
        rng.fill("~~~"),
        rng.fill("~~~~~~~~~~~~")
    )
}

/// The number of a stored biometric template.
pub fn biometric(rng: &mut Rng) -> String {
    let pattern = *rng.pick(&[
        "FP-####-####-@@",
        "BIO########",
        "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
        "VP-######",
        "IRIS-@@####",
        "FACE-~~~~~~~~",
        "TPL_@####_####",
    ]);
    rng.fill(pattern)
}

fn group(raw: &str, sizes: &[usize], separator: &str) -> String {
    let mut rest = raw;
    let mut parts = Vec::new();
    for &size in sizes {
        let (part, tail) = rest.split_at(size.min(rest.len()));
        parts.push(part);
        rest = tail;
    }
    parts.join(separator)
}

/// A name as it occurs in addresses: lower case, no marks, no blanks.
fn ascii_lower(name: &str) -> String {
    name.chars()
        .filter_map(|c| match c {
            'á' | 'à' | 'â' | 'ä' | 'å' | 'ã' | 'Á' | 'Å' => Some('a'),
            'é' | 'è' | 'ê' | 'ë' | 'É' => Some('e'),
            'í' | 'ì' | 'î' | 'ï' | 'Í' => Some('i'),
            'ó' | 'ò' | 'ô' | 'ö' | 'ø' | 'õ' | 'Ó' | 'Ö' | 'Ø' => Some('o'),
            'ú' | 'ù' | 'û' | 'ü' => Some('u'),
            'ñ' => Some('n'),
            'ç' | 'ć' | 'č' | 'Ç' => Some('c'),
            c if c.is_ascii_alphabetic() => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_numbers_are_valid() {
        let mut rng = Rng::new(5);
        for _ in 0..300 {
            let card: String = card(true, &mut rng).chars().filter(char::is_ascii_digit).collect();
            assert_eq!(luhn_digit(&card[..card.len() - 1]), digit_value(card.chars().last().unwrap()));
            let iban = iban(&mut rng).replace(' ', "");
            assert_eq!(mod97(&format!("{}{}", &iban[4..], &iban[..4])), 1);
            let dea = dea('S', &mut rng);
            let d: Vec<u32> = dea[2..].chars().map(digit_value).collect();
            assert_eq!((d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10, d[6]);
            let routing: Vec<u32> = routing(&mut rng).chars().map(digit_value).collect();
            let sum: u32 = routing.iter().zip([3, 7, 1, 3, 7, 1, 3, 7, 1]).map(|(d, w)| d * w).sum();
            assert_eq!(sum % 10, 0);
            assert_eq!(vin(&mut rng).len(), 17);
            let (_, exchange, _) = phone_parts("217", &mut rng);
            assert!(!exchange.ends_with("11") && exchange.as_bytes()[0] >= b'2');
        }
    }
}
