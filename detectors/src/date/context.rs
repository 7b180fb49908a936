//! Words around digits that say whether they are a date.

/// Days of the week, in full and short.
#[rustfmt::skip] // A word list reads better in lines.
pub(super) const WEEKDAYS: &[&str] = &[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue", "tues", "wed", "thu", "thur",
    "thurs", "fri", "sat", "sun",
];

/// Words before a date without a year.
#[rustfmt::skip] // A word list reads better in lines.
pub(super) const CONTEXT: &[&str] = &[
    "on", "since", "until", "till", "thru", "through", "dated", "date", "dates", "seen", "appt", "appointment", "dob",
    "born", "admitted", "admit", "admission", "discharged", "discharge", "dc", "due", "started", "stopped", "begun",
    "began", "from", "before", "after", "by", "scheduled", "visit", "visits", "followup", "fu", "surgery", "lmp",
    "edd", "edc", "labs", "lab", "ct", "mri", "xr", "cxr", "echo", "ekg", "ecg", "colonoscopy", "biopsy", "performed", "adm", "held", "met", "extubated", "intubated", "implanted", "transferred", "weaned", "poss", "plan",
    "done", "drawn", "collected", "received", "signed", "last", "next", "prior", "previous", "cultures", "culture",
    "note", "call", "called", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon",
    "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun", "starting", "ending", "effective", "expires",
    "filled", "refilled", "given", "placed", "removed", "ordered", "between", "week", "doi", "dos", "dod", "doa",
    "ed", "er", "clinic", "verified", "checked", "cx", "uploaded", "sync", "synced", "repair", "around", "for",
    "completed", "opened", "readmitted", "presented", "expired", "died", "passed", "work", "air", "facility",
    "onset", "ended", "return", "returned", "rtc", "til", "back", "tlc", "picc", "hd", "art", "bcx", "ucx", "grp", "group",
    "tent", "tentative", "frozen", "neg", "resched", "rescheduled", "booked", "recheck", "rechecked",
    "hus", "out", "use", "intake", "ama", "picked", "mailed", "faxed", "sent", "printed", "dictated", "transcribed", "imaging", "xray", "ultrasound", "us", "op", "as",
];

/// Those that say of any digits that they are a date.
#[rustfmt::skip] // A word list reads better in lines.
pub(super) const LABELS: &[&str] = &[
    "dob", "date", "dated", "birthdate", "birth", "born", "dos", "dod", "doa", "doi", "admitted", "admit",
    "admission", "discharged", "discharge", "expires", "exp", "effective", "service", "collected", "received", "lmp",
    "on", "bd", "bday", "birthday",
];

/// Words before numbers with a slash that are no date.
#[rustfmt::skip] // A word list reads better in lines.
pub(super) const SCORES: &[&str] = &[
    "strength", "motor", "reflex", "reflexes", "dtr", "dtrs", "pain", "score", "epworth", "barthel", "braden", "morse", "katz", "berg", "tinetti", "rass", "sofa", "scored", "scores", "murmur", "grade",
    "graded", "bp", "power", "vision", "acuity", "mmse", "moca", "gcs", "scale", "rated", "rates", "rating", "ratio",
    "pulses", "pulse", "apgar", "apgars", "visual", "va", "od", "os", "stage", "severity", "nihss", "phq", "gad",
    "intensity", "titer", "dilution", "odds", "bishop", "station", "level", "levels", "about", "approximately",
    "approx", "take", "takes", "half", "bicep", "biceps", "triceps", "grip", "quadriceps", "patellar",
    "brachioradialis", "ankle", "dorsiflexion", "plantarflexion", "flexion", "extension", "abduction", "hip", "sirs",
    "curb", "wells", "criteria", "borg", "kps", "ecog", "mallampati", "tanner", "upper", "lower", "extremities",
    "extremity", "tablet", "suboxone", "zubsolv", "buprenorphine", "subutex", "bup",
    "percocet", "norco", "ratios", "tranex",
];

/// Words before digits that are a number of another sort.
#[rustfmt::skip] // A word list reads better in lines.
pub(super) const NUMBERS: &[&str] = &[
    "mrn", "account", "acct", "id", "no", "number", "order", "accession", "npi", "ssn", "policy", "member", "claim",
    "ref", "case", "encounter", "csn", "visit", "lot", "serial", "record", "phone", "tel", "fax", "specimen",
    "protocol", "version", "code", "snomed", "invoice", "confirmation", "icn", "fin", "har", "unit", "chart", "model",
    "study", "subject", "sample", "sku", "zip", "loinc", "cpt", "rxnorm", "rxcui", "cui", "pmid", "doi", "pager",
    "nct", "sn", "concept", "sctid",
];
