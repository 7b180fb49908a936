//! The stable ids of kinds, as constants.

use blackbar_engine::Kind;

macro_rules! kinds {
    ($($name:ident = $id:literal),* $(,)?) => {
        $(#[doc = concat!("`", $id, "`")] pub const $name: Kind = Kind::new($id);)*
        /// Every kind without a sub-kind.
        pub const MAIN: &[Kind] = &[
            NAME, LOCATION, FACILITY, ZIP, DATE, AGE, PHONE, FAX, EMAIL, SSN, MRN, HEALTH_PLAN, ACCOUNT, CARD, LICENSE,
            NPI, DEA, VEHICLE, DEVICE, URL, IP, MAC, BIOMETRIC, IMAGE, OTHER_ID,
        ];
    };
}

kinds! {
    NAME = "name", NAME_PATIENT = "name:patient", NAME_PROVIDER = "name:provider", NAME_RELATIVE = "name:relative",
    NAME_USER = "name:user",
    LOCATION = "location", LOCATION_STREET = "location:street", LOCATION_CITY = "location:city",
    LOCATION_COUNTY = "location:county", LOCATION_GEO = "location:geo",
    FACILITY = "facility", ZIP = "zip", DATE = "date", AGE = "age", PHONE = "phone", FAX = "fax", EMAIL = "email",
    SSN = "ssn", MRN = "mrn", HEALTH_PLAN = "health-plan", ACCOUNT = "account", CARD = "card", LICENSE = "license",
    NPI = "npi", DEA = "dea", VEHICLE = "vehicle", DEVICE = "device", URL = "url", IP = "ip", MAC = "mac",
    BIOMETRIC = "biometric", IMAGE = "image", OTHER_ID = "other-id",
}
