//! The words that decide about names: short lists, packed so that they read as paragraphs.

/// Words that trigger the search for a name behind them.
#[rustfmt::skip]
pub(super) const TRIGGERS: &[&str] = &[
    // Titles.
    "dr", "drs", "mr", "mrs", "ms", "mx", "messrs", "prof", "professor", "doctor", "miss", "nurse", "rev",
    "reverend", "pastor", "rabbi", "judge", "officer", "sgt", "sergeant", "capt", "captain", "lt", "col", "hon",
    "sir", "chaplain", "senor", "senora", "sra", "sr", "herr", "frau", "mme", "madame", "monsieur", "attorney",
    "detective", "deputy", "pvt",
    // Patients.
    "patient", "pt", "client", "member", "subscriber", "insured", "beneficiary", "enrollee", "policyholder",
    "veteran", "subject", "decedent", "infant", "baby", "newborn",
    // Providers.
    "attending", "provider", "physician", "surgeon", "practitioner", "pcp", "np", "pa", "rn", "md", "lpn", "cna",
    "crna", "therapist", "pharmacist", "consultant", "anesthesiologist", "anesthetist", "cardiologist",
    "neurologist", "oncologist", "radiologist", "pathologist", "psychiatrist", "psychologist", "dermatologist",
    "urologist", "nephrologist", "pulmonologist", "endocrinologist", "gastroenterologist", "hospitalist",
    "intensivist", "pediatrician", "obstetrician", "gynecologist", "dentist", "optometrist", "ophthalmologist",
    "rheumatologist", "hematologist", "podiatrist", "internist", "midwife", "dietitian", "nutritionist",
    "counselor", "technician", "technologist", "tech", "phlebotomist", "transcriptionist", "scribe", "coordinator",
    "caseworker", "worker", "manager", "interpreter", "clinician", "fellow", "intern", "resident", "prescriber",
    "assistant", "preceptor", "supervisor", "reviewer", "examiner", "investigator", "neurosurgeon", "specialist",
    "gi", "id", "cardiology",
    // Relatives and others close by.
    "mother", "father", "mom", "mum", "dad", "son", "daughter", "wife", "husband", "spouse", "partner", "fiance",
    "fiancee", "brother", "sister", "aunt", "uncle", "cousin", "niece", "nephew", "grandson", "granddaughter",
    "grandmother", "grandfather", "grandma", "grandpa", "girlfriend", "boyfriend", "friend", "neighbor", "roommate",
    "parent", "guardian", "kin", "nok", "contact", "caregiver", "caretaker", "proxy", "poa", "twin", "stepmother",
    "stepfather", "stepson", "stepdaughter", "child", "ex",
    // Anybody.
    "user", "name", "names", "re", "att", "party", "dear", "attn", "attention", "cc", "from", "to", "caller",
    "named", "called", "nickname", "alias", "aka", "employee", "witness", "sender", "recipient", "addressee",
    "applicant", "claimant", "cardholder", "guarantor", "payee", "author", "initials", "signature", "signed",
    "cosigned", "cosigner", "spoke", "spoken", "talked", "dictated", "transcribed", "verified", "surname", "firstname", "lastname", "fullname",
    "first", "last", "ref", "referring", "hola", "by", "with", "per", "via", "is", "am", "hi", "hello", "hey", "thanks",
    "regards", "sincerely", "cheers", "best", "call", "me", "yours", "respectfully",
];

/// Small words that a name written small may follow: `gf tasha`, `its dani`, `tell luz`.
#[rustfmt::skip]
pub(super) const SMALL_CUES: &[&str] = &[
    "gf", "bf", "hubby", "its", "tell", "told", "ask", "text", "texted", "page", "paged", "sis", "dtr", "gma", "gpa",
    "grandson", "coach", "counselor", "sponsor", "mama", "papa", "auntie", "tia", "tio", "named", "nicknamed",
];

/// Labels of forms and other words that end a name wherever they stand.
#[rustfmt::skip]
pub(super) const STOPS: &[&str] = &[
    "dob", "mrn", "ssn", "dod", "doa", "dos", "pcp", "age", "sex", "gender", "date", "phone", "fax", "tel",
    "address", "male", "female", "room", "bed", "unit", "account", "acct", "chart", "med", "rec", "record",
    "number", "id", "no", "visit", "admit", "admission", "discharge", "attending", "provider", "physician",
    "patient", "location", "service", "email", "insurance", "status", "race", "language", "csn", "har", "npi",
    "dea", "nka", "nkda", "pt", "hpi", "pmh", "cc", "er", "ed", "icu", "or", "yo", "yr", "dx", "hx", "rx", "tx",
    "sx", "md", "rn", "np", "pa", "do", "phd", "ok", "okay", "yes", "yeah", "yep", "um", "uh", "hmm", "oh", "ah",
    "hi", "hello", "hey", "thanks", "sorry", "please", "well", "so", "and", "but", "the", "a", "an", "i", "you",
    "he", "she", "it", "we", "they", "my", "your", "his", "her", "this", "that", "these", "those", "there", "here",
    "what", "when", "where", "who", "why", "how", "is", "are", "was", "in", "on", "at", "to", "of", "for", "from",
    "with", "by", "per", "as", "if", "not", "none", "unknown", "n", "na", "see", "same", "self", "other", "via",
    "re", "dear", "mr", "mrs", "ms", "dr", "drs", "prof", "re", "subject", "est", "none", "nil", "tbd", "null",
    "eval", "evals", "consult", "recs", "tx", "note", "notes", "true", "false", "today", "tomorrow", "yesterday", "morning", "afternoon", "evening", "ct", "mri", "ekg", "ecg",
    "iv", "usa", "us", "u", "epic", "medicare", "medicaid", "covid",
];

/// Things that carry the names of people.
#[rustfmt::skip]
pub(super) const EPONYM_NOUNS: &[&str] = &[
    "disease", "syndrome", "syndromes", "catheter", "catheters", "sign", "signs", "scale", "score", "scores",
    "test", "tests", "criteria", "classification", "procedure", "maneuver", "manoeuvre", "tube", "drain", "drains",
    "line", "reflex", "palsy", "chorea", "lymphoma", "sarcoma", "sarcoidosis", "tumor", "tumour", "fracture",
    "fractures", "position", "stain", "solution", "esophagus", "diverticulum", "phenomenon", "contracture",
    "paralysis", "method", "formula", "equation", "index", "grade", "stage", "staging", "stages", "lift", "hugger",
    "collar", "ring", "wheel", "operation", "repair", "approach", "incision", "fundoplication", "anastomosis",
    "pouch", "clamp", "retractor", "forceps", "needle", "suture", "splint", "bandage", "dressing", "cast", "brace",
    "frame", "rods", "rod", "nails", "valve", "graft", "flap", "block", "nodes", "node", "lines", "spots", "bodies",
    "body", "cells", "cell", "bands", "law", "triad", "point", "angle", "canal", "duct", "gland", "glands",
    "ligament", "fascia", "space", "nerve", "artery", "vein", "membrane", "loop", "capsule", "corpuscle",
    "corpuscles", "disorder", "thyroiditis", "arthritis", "encephalopathy", "ataxia", "dystrophy", "anemia",
    "nephropathy", "cardiomyopathy", "aphasia", "area", "respirations", "breathing", "murmur", "pulse", "fever",
    "ulcer", "hernia", "deformity", "view", "projection", "technique", "protocol", "study", "trial", "rule",
    "rules", "scoring", "inventory", "assessment", "questionnaire", "exam", "examination", "pump", "monitor",
    "mattress", "bed", "agar", "medium", "virus", "bacillus", "esophagitis", "gangrene", "tumors", "lesion",
    "lesions", "nodules", "nodule", "macula", "fistula", "tendon", "tendinitis", "coma", "dementia", "sling",
    "boot", "stockings", "trap", "swab", "probe", "scope", "laryngoscope", "blade", "bag", "mask", "suction",
    "cannula", "cyst", "cysts", "tonsillitis", "clamps", "port", "shunt", "stent", "prosthesis", "implant", "screw",
    "plate", "wire",
];

/// What only people do: enough for a name that is a word as well, or is in no list.
#[rustfmt::skip]
pub(super) const DEEDS: &[&str] = &[
    "said", "says", "states", "stated", "denies", "denied", "complains", "complained", "endorses", "endorsed",
    "verbalized", "verbalizes", "tolerated", "ambulated", "ambulates", "agrees", "agreed", "wants", "wanted", "texted",
    "emailed", "told", "tells", "asked", "asks", "feels", "felt", "thinks", "believes", "smokes", "drinks", "sleeps",
    "eats", "slept", "refused", "refuses", "declined", "declines", "wishes", "prefers", "lives", "turned",
];
/// What people are said to be.
#[rustfmt::skip]
pub(super) const STATES: &[&str] = &[
    "tearful", "feeling", "upset", "anxious", "awake", "asleep", "sleeping", "resting", "doing", "alert", "aware",
    "cooperative", "pleasant", "married", "widowed", "divorced", "retired", "agreeable", "drowsy", "restless",
    "calm", "worried", "afebrile", "ambulating", "eating", "employed", "here", "frail", "homebound", "bedbound",
];
/// What belongs to a patient in a note.
#[rustfmt::skip]
pub(super) const BELONGINGS: &[&str] = &[
    "room", "chart", "house", "case", "condition", "parents", "family", "care", "pain", "appointment", "glucose",
    "potassium", "sodium", "inr", "creatinine", "hemoglobin", "bill", "labs", "weight", "vitals", "mood", "sugar",
    "sugars", "results", "medications", "medication", "meds", "surgery", "blood", "office", "symptoms", "records",
];

/// What people do in notes and letters.
#[rustfmt::skip]
pub(super) const VERBS: &[&str] = &[
    "said", "says", "reports", "reported", "states", "stated", "denies", "denied", "presents", "presented",
    "complains", "complained", "endorses", "endorsed", "verbalized", "tolerated", "ambulated", "agrees", "agreed",
    "understands", "understood", "wants", "wanted", "lives", "lived", "arrived", "underwent", "returns", "returned",
    "called", "texted", "emailed", "mentioned", "told", "asked", "asks", "notes", "noted", "feels", "felt",
    "thinks", "believes", "works", "worked", "drives", "smokes", "drinks", "takes", "took", "came", "went", "goes",
    "wrote", "examined", "evaluated", "recommended", "recommends", "ordered", "prescribed", "reviewed", "discussed",
    "saw", "consented", "requested", "requests", "declined", "refused", "admits", "admitted", "appears", "remains",
    "visited", "brought", "drove", "found", "explained", "confirmed", "expressed", "complied", "tells", "wakes",
    "sleeps", "eats", "continues", "slept", "ate", "voided", "verbalizes", "ambulates", "tolerates", "resting",
    "tolerating", "ambulating", "seems", "looks", "wishes", "prefers", "needs", "walked", "walks", "stayed", "fell",
    "tearful", "sleeping", "restless", "transferred", "received", "tells", "spoke", "refuses", "is", "was", "has", "had", "will", "would", "does", "did", "can", "cannot", "could",
];
