//! Names of columns from many schemas.

use super::*;

#[test]
fn names_are_parted_into_words() {
    assert_eq!(words(b"PatientFirstName"), ["patient", "first", "name"]);
    assert_eq!(words(b"PAT_ENC_CSN_ID"), ["pat", "enc", "csn", "id"]);
    assert_eq!(words(b"patientMRNNumber"), ["patient", "mrn", "number"]);
    assert_eq!(words(b"MRN #"), ["mrn", "number"]);
    assert_eq!(words(b"# of visits"), ["of", "visits"]);
    assert_eq!(words(b"address_line_2"), ["address", "line", "2"]);
    assert_eq!(words("né".as_bytes()), ["ne"]);
    assert_eq!(words("Prénom de l'élève".as_bytes()), ["prenom", "de", "l", "eleve"]);
    assert_eq!(words("N° Größe".as_bytes()), ["n", "grosse"]);
}

#[test]
fn columns_mean_what_they_say() {
    let table: &[(&str, &str)] = &[
        ("first_name", "name"),
        ("PatientLastName", "name"),
        ("PAT_NAME", "name"),
        ("pt name", "name"),
        ("name", "name"),
        ("NAME_FULL_FORMATTED", "name"),
        ("provider_name", "name:provider"),
        ("attending_first_name", "name:provider"),
        ("PROV_NAME", "name:provider"),
        ("emergency_contact_name", "name"),
        ("ordering-physician-name", "name:provider"),
        ("dob", "date"),
        ("BIRTH_DT_TM", "date"),
        ("patient_dob", "date"),
        ("visit_start_datetime", "date"),
        ("HOSP_ADMSN_TIME", "date"),
        ("created_at", "date"),
        ("date_of_service", "date"),
        ("condition_start_date", "date"),
        ("lastSeenAt", "date"),
        ("mrn", "mrn"),
        ("PAT_MRN_ID", "mrn"),
        ("MRN #", "mrn"),
        ("patient_id", "mrn"),
        ("person_id", "mrn"),
        ("person_source_value", "mrn"),
        ("PERSON_ID", "mrn"),
        ("PAT_ENC_CSN_ID", "other-id"),
        ("encounter_id", "other-id"),
        ("ENCNTR_ID", "other-id"),
        ("visit_occurrence_id", "other-id"),
        ("accession_number", "other-id"),
        ("PRSNL_ID", "other-id"),
        ("HSP_ACCOUNT_ID", "account"),
        ("FIN_NBR", "account"),
        ("acct_no", "account"),
        ("member_id", "health-plan"),
        ("SUBSCR_NUM", "health-plan"),
        ("insurance_policy_number", "health-plan"),
        ("phone", "phone"),
        ("HOME_PHONE", "phone"),
        ("patientHomePhone", "phone"),
        ("phone_2", "phone"),
        ("fax_number", "fax"),
        ("email", "email"),
        ("EMAIL_ADDRESS", "email"),
        ("pt_email_addr", "email"),
        ("ssn", "ssn"),
        ("patient_ssn", "ssn"),
        ("SocialSecurityNumber", "ssn"),
        ("zip", "zip"),
        ("patient_zip_code", "zip"),
        ("ZIPCODE", "zip"),
        ("ADD_LINE_1", "location:street"),
        ("address_1", "location:street"),
        ("STREET_ADDR2", "location:street"),
        ("city", "location:city"),
        ("county", "location:county"),
        ("latitude", "location:geo"),
        ("ip_address", "ip"),
        ("mac_address", "mac"),
        ("npi", "npi"),
        ("provider_npi", "npi"),
        ("dea_number", "dea"),
        ("vin", "vehicle"),
        ("device_serial_number", "device"),
        ("unique_device_id", "device"),
        ("care_site_name", "facility"),
        ("hospital_name", "facility"),
        ("user_name", "name:user"),
        ("age", "age"),
        ("drivers_license", "license"),
        ("photo_url", "url"),
        ("credit_card_number", "card"),
        ("PatientGuid", "mrn"),
        ("patient_guid", "mrn"),
        ("pt_uuid", "mrn"),
        ("uuid", "other-id"),
        ("Record ID", "other-id"),
        ("RecordId", "other-id"),
        ("SOME_UNHEARD_OF_UUID", "other-id"),
        ("ACCESSION", "other-id"),
        ("CSN", "other-id"),
        ("account_visit_no", "account"),
        ("Member #", "health-plan"),
        ("mem_nbr", "health-plan"),
        ("medicare_identifier", "health-plan"),
        ("PORTAL USER", "name:user"),
        ("pt portal login", "name:user"),
        ("DL NUMBER", "license"),
        ("dl_nbr", "license"),
        ("Driver Lic No", "license"),
        ("DRIVERS LICENSE NO", "license"),
        ("guarantor_account", "account"),
        ("Guarantor Acct Nbr", "account"),
        ("cc_number", "card"),
        ("CC#", "card"),
        ("pol_num", "health-plan"),
        ("GRP NO", "health-plan"),
        ("pacer_serial", "device"),
        ("infusion pump id", "device"),
        ("nok", "name"),
        ("next_of_kin_name", "name"),
        ("next of kin phone", "phone"),
        ("Emergency Contact", "name"),
        ("emerg_contact_tel", "phone"),
        ("referring_md", "name:provider"),
        ("SUPERVISING PHYSICIAN", "name:provider"),
        ("treating_hospital", "facility"),
        ("PATLASTNAME", "name"),
        ("ptdob", "date"),
        ("ZIP5", "zip"),
        ("mailing postal code", "zip"),
        ("PAT CITY", "location:city"),
        ("member_addr", "location:street"),
        ("dos", "date"),
        ("last_seen", "date"),
        ("svc_dt", "date"),
        ("mobile_nbr", "phone"),
    ];
    for (name, kind) in table {
        assert_eq!(of(name.as_bytes()).kind.map(Kind::id), Some(*kind), "{name}");
    }
}

#[test]
fn other_columns_hold_no_identifier() {
    let names = [
        "drug_name",
        "medication_name",
        "test_name",
        "plan_name",
        "payer_name",
        "table_name",
        "concept_name",
        "condition_concept_id",
        "gender_concept_id",
        "gender",
        "sex",
        "SEX_CD",
        "race",
        "state",
        "country",
        "status",
        "phone_type",
        "is_email_verified",
        "icd10_code",
        "loinc",
        "value",
        "unit",
        "dose",
        "length_of_stay",
        "heart_rate",
        "diagnosis",
        "note_text",
        "comment",
        "BMI",
        "year_of_birth",
        "condition_source_value",
        "ENCNTR_TYPE_CD",
        "num_visits",
        "event",
        "model",
        "role",
        "content",
        "object",
        "choices",
        "index",
        "count",
        "family_history",
        "last_dose",
        "trace_id",
        "request_id",
        "api_key",
        "number_of_visits",
        "patch",
        "memory",
        "ph",
        "group",
        "type_number",
    ];
    for name in names {
        assert_eq!(of(name.as_bytes()).kind, None, "{name}");
    }
    assert_ne!(of(b"loinc_code").hints & hint::CODE, 0);
    assert_ne!(of(b"dose").hints & hint::QUANTITY, 0);
    assert_ne!(of(b"year_of_birth").hints & hint::AGE, 0);
}

#[test]
fn parents_settle_what_a_key_leaves_open() {
    let kind = |path: &[&[u8]]| of_path(path).kind.map(Kind::id);
    assert_eq!(kind(&[b"patient", b"name"]), Some("name"));
    assert_eq!(kind(&[b"providers", b"name"]), Some("name:provider"));
    assert_eq!(kind(&[b"hospital", b"name"]), Some("facility"));
    assert_eq!(kind(&[b"medication", b"name"]), None);
    assert_eq!(kind(&[b"tool", b"name"]), None);
    assert_eq!(kind(&[b"thing", b"name"]), None);
    assert_eq!(kind(&[b"patient", b"id"]), Some("mrn"));
    assert_eq!(kind(&[b"trace", b"id"]), None);
    assert_eq!(of_path(&[b"message", b"id"]).confidence, 50, "only what is unique in the whole world");
    assert_eq!(kind(&[b"phone", b"value"]), Some("phone"));
    assert_eq!(kind(&[b"patient", b"name", b"first"]), Some("name"));
    assert_eq!(kind(&[b"from", b"address"]), Some("email"));
    assert_eq!(kind(&[]), None);
    assert_eq!(kind(&[b""]), None);
}

#[test]
fn every_name_is_in_one_group_only() {
    let mut seen = std::collections::BTreeMap::new();
    for (i, group) in names::GROUPS.iter().enumerate() {
        for name in group.names {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{name} is not normal");
            assert!(*seen.entry(name).or_insert(i) == i, "{name} is in two groups");
        }
    }
}
