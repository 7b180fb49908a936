//! FHIR R4 resources, bundles and bulk exports.

use crate::dates;
use crate::decoys;
use crate::ids;
use crate::json::{Json, Layout, Markup};
use crate::people::{Person, Sex};
use crate::rich::Rich;
use crate::rng::Rng;
use crate::scribe::Scribe;
use crate::writer::Writer;

/// One resource, pretty or compact.
pub(crate) fn resource(scribe: &mut Scribe) -> Writer {
    let ids = Ids::random(&mut scribe.rng);
    let value = match scribe.rng.index(10) {
        0..=4 => patient(scribe, &ids),
        5 => observation(scribe, &ids),
        6 => practitioner(scribe),
        7 => coverage(scribe, &ids),
        8 => document_reference(scribe, &ids),
        _ => device(scribe, &ids),
    };
    one(&value, scribe)
}

/// A bundle of a patient and what belongs to them.
pub(crate) fn bundle(scribe: &mut Scribe) -> Writer {
    let ids = Ids::random(&mut scribe.rng);
    let mut entries = vec![entry(patient(scribe, &ids), "Patient", &ids.patient, scribe)];
    for _ in 0..scribe.rng.range(3, 7) {
        let (value, sort) = any_clinical(scribe, &ids);
        let id = ids::uuid(&mut scribe.rng);
        entries.push(entry(value, sort, &id, scribe));
    }
    let total = entries.len().to_string();
    let kind = *scribe.rng.pick(&["searchset", "collection", "transaction", "document"]);
    let value = Json::Object(vec![
        ("resourceType", Json::text("Bundle")),
        ("id", Json::label("other-id", ids::uuid(&mut scribe.rng))),
        ("meta", meta(scribe)),
        ("type", Json::text(kind)),
        ("total", Json::Bare(Rich::decoy("number", total))),
        ("entry", Json::Array(entries)),
    ]);
    one(&value, scribe)
}

/// Lines of resources about several patients.
pub(crate) fn export(scribe: &mut Scribe) -> Writer {
    let layout = Layout::random(false, &mut scribe.rng);
    let mut out = Writer::default();
    for _ in 0..scribe.rng.range(2, 4) {
        let ids = Ids::random(&mut scribe.rng);
        let mut values = vec![patient(scribe, &ids)];
        for _ in 0..scribe.rng.range(2, 6) {
            values.push(any_clinical(scribe, &ids).0);
        }
        for value in values {
            value.write(layout, &mut out, &mut scribe.rng);
            out.syntax("\n");
        }
        scribe.cast = crate::cast::Cast::random(&mut scribe.rng);
    }
    out
}

/// One line of an export in which nearly every value is a UUID; for benchmarks.
pub(crate) fn uuid_line(scribe: &mut Scribe) -> Writer {
    let rng = &mut scribe.rng;
    let reference = |sort: &str, rng: &mut Rng| {
        Json::Object(vec![(
            "reference",
            Json::Text(Rich::plain(format!("{sort}/")).then_label("other-id", ids::uuid(rng))),
        )])
    };
    let (id, subject, encounter) = (ids::uuid(rng), reference("Patient", rng), reference("Encounter", rng));
    let (performer, device) = (reference("Practitioner", rng), reference("Device", rng));
    let value = Json::Object(vec![
        ("resourceType", Json::text("Observation")),
        ("id", Json::label("other-id", id)),
        ("status", Json::text("final")),
        ("code", Json::Object(vec![("text", Json::Text(scribe.fill("{loinc}")))])),
        ("subject", subject),
        ("encounter", encounter),
        ("performer", Json::Array(vec![performer])),
        ("device", device),
        ("valueString", Json::Text(scribe.fill("{lab}"))),
    ]);
    let mut out = Writer::default();
    value.write(Layout { pretty: false, escapes: Default::default() }, &mut out, &mut scribe.rng);
    out.syntax("\n");
    out
}

/// The ids that tie the resources of one patient together.
struct Ids {
    patient: String,
    encounter: String,
    practitioner: String,
}

impl Ids {
    fn random(rng: &mut Rng) -> Self {
        let patient = match rng.index(4) {
            0 => rng.digits_no_zero_first(7),
            1 => rng.fill("pat-######"),
            _ => ids::uuid(rng),
        };
        Self { patient, encounter: ids::uuid(rng), practitioner: ids::uuid(rng) }
    }
}

fn one(value: &Json, scribe: &mut Scribe) -> Writer {
    let pretty = scribe.rng.chance(60);
    let layout = Layout::random(pretty, &mut scribe.rng);
    let mut out = Writer::default();
    value.write(layout, &mut out, &mut scribe.rng);
    out.syntax("\n");
    out
}

fn entry(resource: Json, sort: &'static str, id: &str, scribe: &mut Scribe) -> Json {
    let url = match scribe.rng.index(3) {
        0 => Rich::plain(format!("https://ehr.example.org/fhir/{sort}/")).then_label("other-id", id),
        _ => Rich::plain("urn:uuid:").then_label("other-id", id),
    };
    Json::Object(vec![
        ("fullUrl", Json::Text(url)),
        ("resource", resource),
        ("search", Json::Object(vec![("mode", Json::text("match"))])),
    ])
}

fn any_clinical(scribe: &mut Scribe, ids: &Ids) -> (Json, &'static str) {
    match scribe.rng.index(12) {
        0..=3 => (observation(scribe, ids), "Observation"),
        4 | 5 => (condition(scribe, ids), "Condition"),
        6 => (encounter(scribe, ids), "Encounter"),
        7 => (medication_request(scribe, ids), "MedicationRequest"),
        8 => (practitioner(scribe), "Practitioner"),
        9 => (coverage(scribe, ids), "Coverage"),
        10 => (document_reference(scribe, ids), "DocumentReference"),
        _ => (device(scribe, ids), "Device"),
    }
}

fn patient(scribe: &mut Scribe, ids: &Ids) -> Json {
    let person = scribe.cast.patient.clone();
    let relative = scribe.cast.relatives[0].clone();
    let contact = Json::Object(vec![
        ("relationship", Json::Array(vec![Json::Object(vec![("text", Json::text(relative.1))])])),
        ("name", name(&relative.0, "name:relative", &mut scribe.rng)),
        ("telecom", Json::Array(vec![telecom("phone", "home", scribe.fill("{rel.phone}"))])),
    ]);
    let mut members = vec![
        ("resourceType", Json::text("Patient")),
        ("id", Json::label("other-id", ids.patient.clone())),
        ("meta", meta(scribe)),
        ("text", narrative(scribe)),
        (
            "extension",
            Json::Array(vec![Json::Object(vec![
                ("url", Json::decoy("code-system", "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex")),
                ("valueCode", Json::text(if person.sex == Sex::Male { "M" } else { "F" })),
            ])]),
        ),
        ("identifier", Json::Array(identifiers(scribe))),
        ("active", Json::Bare(Rich::plain("true"))),
        ("name", Json::Array(names(&person, &mut scribe.rng))),
        (
            "telecom",
            Json::Array(vec![
                telecom("phone", "home", scribe.fill("{pt.phone}")),
                telecom("email", "home", scribe.fill("{pt.email}")),
            ]),
        ),
        ("gender", Json::text(if person.sex == Sex::Male { "male" } else { "female" })),
        ("birthDate", Json::label("date", dates::full(person.born, 5))),
        ("address", Json::Array(vec![address(&person)])),
        (
            "maritalStatus",
            Json::Object(vec![("text", Json::text(*scribe.rng.pick(&["Married", "Single", "Widowed"])))]),
        ),
        ("contact", Json::Array(vec![contact])),
    ];
    match scribe.rng.index(5) {
        0 => members.push((
            "photo",
            Json::Array(vec![Json::Object(vec![
                ("contentType", Json::text("image/jpeg")),
                ("data", Json::label("image", crate::images::photo_base64(&mut scribe.rng))),
            ])]),
        )),
        1 => members.push(("deceasedDateTime", Json::Text(scribe.fill("{ts}")))),
        2 => members.push((
            "generalPractitioner",
            Json::Array(vec![Json::Object(vec![
                (
                    "reference",
                    Json::Text(Rich::plain("Practitioner/").then_label("other-id", ids.practitioner.clone())),
                ),
                ("display", Json::Text(scribe.fill("{dr}"))),
            ])]),
        )),
        3 => members
            .push(("managingOrganization", Json::Object(vec![("display", Json::Text(scribe.fill("{facility}")))]))),
        _ => {}
    }
    Json::Object(members)
}

fn identifiers(scribe: &mut Scribe) -> Vec<Json> {
    let mut all = vec![
        identifier("MR", "Medical Record Number", "http://hospital.example.org/mrn", scribe.fill("{mrn}")),
        identifier("SS", "Social Security Number", "http://hl7.org/fhir/sid/us-ssn", scribe.fill("[{ssn}|{ssnbare}]")),
        identifier("DL", "Driver's License", "urn:oid:2.16.840.1.113883.4.3.25", scribe.fill("{dl}")),
        identifier("MC", "Patient's Medicare number", "http://hl7.org/fhir/sid/us-mbi", scribe.fill("{mbi}")),
        identifier(
            "PPN",
            "Passport Number",
            "http://standardhealthrecord.org/fhir/StructureDefinition/passportNumber",
            scribe.fill("{passport}"),
        ),
        identifier("AN", "Account number", "urn:oid:1.2.36.146.595.217.0.1", scribe.fill("{account}")),
    ];
    let keep = scribe.rng.range(1, 5);
    while all.len() > usize::try_from(keep).unwrap_or(1) {
        let at = scribe.rng.index(all.len());
        all.remove(at);
    }
    all
}

fn identifier(code: &'static str, text: &'static str, system: &'static str, value: Rich) -> Json {
    let coding = Json::Object(vec![
        ("system", Json::decoy("code-system", "http://terminology.hl7.org/CodeSystem/v2-0203")),
        ("code", Json::text(code)),
        ("display", Json::text(text)),
    ]);
    Json::Object(vec![
        ("use", Json::text("usual")),
        ("type", Json::Object(vec![("coding", Json::Array(vec![coding])), ("text", Json::text(text))])),
        ("system", Json::decoy("code-system", system)),
        ("value", Json::Text(value)),
    ])
}

fn names(person: &Person, rng: &mut Rng) -> Vec<Json> {
    let mut all = vec![name(person, "name:patient", rng)];
    if person.nickname != person.given && rng.chance(60) {
        all.push(Json::Object(vec![
            ("use", Json::text("nickname")),
            ("given", Json::Array(vec![Json::label("name:patient", person.nickname.clone())])),
        ]));
    }
    all
}

fn name(person: &Person, kind: &'static str, rng: &mut Rng) -> Json {
    let mut given = vec![Json::label(kind, person.given.clone())];
    if let Some(middle) = person.middle {
        given.push(Json::label(kind, middle.to_string()));
    }
    let mut members = vec![("use", Json::text("official"))];
    if rng.chance(40) {
        members.push(("text", Json::label(kind, person.formal())));
    }
    members.push(("family", Json::label(kind, person.surname.clone())));
    members.push(("given", Json::Array(given)));
    if rng.chance(40) {
        let prefix = if person.sex == Sex::Male { "Mr." } else { "Ms." };
        members.push(("prefix", Json::Array(vec![Json::text(prefix)])));
    }
    Json::Object(members)
}

fn telecom(system: &'static str, usage: &'static str, value: Rich) -> Json {
    Json::Object(vec![("system", Json::text(system)), ("value", Json::Text(value)), ("use", Json::text(usage))])
}

fn address(person: &Person) -> Json {
    let place = person.address.place;
    let whole = Rich::label("location:street", person.address.street.clone())
        .then(", ")
        .then_label("location:city", place.city)
        .then(format!(", {} ", place.state))
        .then_label("zip", person.address.zip.clone());
    Json::Object(vec![
        ("use", Json::text("home")),
        ("text", Json::Text(whole)),
        ("line", Json::Array(vec![Json::label("location:street", person.address.street.clone())])),
        ("city", Json::label("location:city", place.city)),
        ("district", Json::label("location:county", place.county)),
        ("state", Json::decoy("state", place.state)),
        ("postalCode", Json::label("zip", person.address.zip.clone())),
        ("country", Json::decoy("country", "US")),
    ])
}

fn narrative(scribe: &mut Scribe) -> Json {
    let bold = scribe.fill("{pt.formal}");
    let rest = scribe.fill("[ (b. {dob})| - MRN {mrn}|, {age} y/o {male}| & family]. {>exam} [{>hpi}|{>family}|]");
    let parts = vec![
        Markup::Tag("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p><b>"),
        Markup::Content(bold),
        Markup::Tag("</b>"),
        Markup::Content(rest),
        Markup::Tag("</p></div>"),
    ];
    Json::Object(vec![("status", Json::text("generated")), ("div", Json::Markup(parts))])
}

fn meta(scribe: &mut Scribe) -> Json {
    Json::Object(vec![
        ("versionId", Json::decoy("version", scribe.rng.range(1, 9).to_string())),
        ("lastUpdated", Json::Text(scribe.fill("{ts}"))),
        ("profile", Json::Array(vec![code_system(&mut scribe.rng)])),
    ])
}

fn code_system(rng: &mut Rng) -> Json {
    let (kind, text) = decoys::decoy("uri", rng).unwrap_or(("code-system", String::new()));
    Json::decoy(kind, text)
}

fn concept(sort: &'static str, scribe: &mut Scribe) -> Json {
    let system = match sort {
        "loinc" => "http://loinc.org",
        "snomed" => "http://snomed.info/sct",
        "icd" => "http://hl7.org/fhir/sid/icd-10-cm",
        "ndc" => "http://hl7.org/fhir/sid/ndc",
        _ => "http://www.nlm.nih.gov/research/umls/rxnorm",
    };
    let display = scribe.fill(match sort {
        "loinc" => "[Hemoglobin A1c/Hemoglobin.total in Blood|Systolic blood pressure|Body weight|Creatinine \\[Mass/volume\\] in Serum]",
        "rxnorm" | "ndc" => "{drug} {dose} Oral Tablet",
        _ => "{>w.dx}",
    });
    let code = scribe.fill(&format!("{{{sort}}}"));
    Json::Object(vec![
        (
            "coding",
            Json::Array(vec![Json::Object(vec![
                ("system", Json::decoy("code-system", system)),
                ("code", Json::Text(code)),
                ("display", Json::Text(display.clone())),
            ])]),
        ),
        ("text", Json::Text(display)),
    ])
}

fn quantity(rng: &mut Rng) -> Json {
    let (value, unit) = (decoys::quantity(rng), *rng.pick(&["mmHg", "mg/dL", "%", "kg", "/min", "mmol/L"]));
    Json::Object(vec![
        ("value", Json::Bare(Rich::decoy("lab", value))),
        ("unit", Json::text(unit)),
        ("system", Json::decoy("code-system", "http://unitsofmeasure.org")),
    ])
}

fn subject(scribe: &mut Scribe, ids: &Ids) -> Json {
    let mut members =
        vec![("reference", Json::Text(Rich::plain("Patient/").then_label("other-id", ids.patient.clone())))];
    if scribe.rng.chance(40) {
        members.push(("display", Json::Text(scribe.fill("[{pt.full}|{pt.formal}|{pt.lastfirst}]"))));
    }
    Json::Object(members)
}

fn visit(ids: &Ids) -> Json {
    Json::Object(vec![(
        "reference",
        Json::Text(Rich::plain("Encounter/").then_label("other-id", ids.encounter.clone())),
    )])
}

fn performer(scribe: &mut Scribe, ids: &Ids) -> Json {
    Json::Object(vec![
        ("reference", Json::Text(Rich::plain("Practitioner/").then_label("other-id", ids.practitioner.clone()))),
        ("display", Json::Text(scribe.fill("[{dr}|{dr.sig}|{dr.lastfirst}]"))),
    ])
}

fn notes(scribe: &mut Scribe) -> Json {
    let text = scribe.fill("[{>hpi*1-2}|{>nurse*2-3}|{>plan} {>family}|{>n.plan}]");
    Json::Array(vec![Json::Object(vec![("text", Json::Text(text))])])
}

fn observation(scribe: &mut Scribe, ids: &Ids) -> Json {
    Json::Object(vec![
        ("resourceType", Json::text("Observation")),
        ("id", Json::label("other-id", ids::uuid(&mut scribe.rng))),
        ("meta", meta(scribe)),
        ("status", Json::text("final")),
        ("code", concept("loinc", scribe)),
        ("subject", subject(scribe, ids)),
        ("encounter", visit(ids)),
        ("effectiveDateTime", Json::Text(scribe.fill("[{ts}|{isodate}]"))),
        ("issued", Json::Text(scribe.fill("{ts}"))),
        ("performer", Json::Array(vec![performer(scribe, ids)])),
        ("valueQuantity", quantity(&mut scribe.rng)),
        ("note", notes(scribe)),
        ("referenceRange", Json::Array(vec![Json::Object(vec![("text", Json::Text(scribe.fill("{labrange}")))])])),
    ])
}

fn condition(scribe: &mut Scribe, ids: &Ids) -> Json {
    let sort = *scribe.rng.pick(&["icd", "snomed"]);
    Json::Object(vec![
        ("resourceType", Json::text("Condition")),
        ("id", Json::label("other-id", ids::uuid(&mut scribe.rng))),
        ("clinicalStatus", Json::Object(vec![("text", Json::text("Active"))])),
        ("code", concept(sort, scribe)),
        ("subject", subject(scribe, ids)),
        ("onsetDateTime", Json::Text(scribe.fill("{ts}"))),
        ("recordedDate", Json::Text(scribe.fill("{isodate}"))),
        ("recorder", performer(scribe, ids)),
        ("note", notes(scribe)),
    ])
}

fn encounter(scribe: &mut Scribe, ids: &Ids) -> Json {
    Json::Object(vec![
        ("resourceType", Json::text("Encounter")),
        ("id", Json::label("other-id", ids.encounter.clone())),
        (
            "identifier",
            Json::Array(vec![identifier(
                "VN",
                "Visit number",
                "http://hospital.example.org/visits",
                scribe.fill("{csn}"),
            )]),
        ),
        ("status", Json::text("finished")),
        (
            "class",
            Json::Object(vec![
                ("system", Json::decoy("code-system", "http://terminology.hl7.org/CodeSystem/v3-ActCode")),
                ("code", Json::text("AMB")),
            ]),
        ),
        ("subject", subject(scribe, ids)),
        ("participant", Json::Array(vec![Json::Object(vec![("individual", performer(scribe, ids))])])),
        (
            "period",
            Json::Object(vec![("start", Json::Text(scribe.fill("{ts}"))), ("end", Json::Text(scribe.fill("{ts}")))]),
        ),
        ("reasonCode", Json::Array(vec![concept("snomed", scribe)])),
        (
            "location",
            Json::Array(vec![Json::Object(vec![(
                "location",
                Json::Object(vec![("display", Json::Text(scribe.fill("{facility}")))]),
            )])]),
        ),
        ("serviceProvider", Json::Object(vec![("display", Json::Text(scribe.fill("{facility}")))])),
    ])
}

fn medication_request(scribe: &mut Scribe, ids: &Ids) -> Json {
    let sort = *scribe.rng.pick(&["rxnorm", "ndc"]);
    Json::Object(vec![
        ("resourceType", Json::text("MedicationRequest")),
        ("id", Json::label("other-id", ids::uuid(&mut scribe.rng))),
        ("status", Json::text("active")),
        ("intent", Json::text("order")),
        ("medicationCodeableConcept", concept(sort, scribe)),
        ("subject", subject(scribe, ids)),
        ("encounter", visit(ids)),
        ("authoredOn", Json::Text(scribe.fill("[{ts}|{isodate}]"))),
        ("requester", performer(scribe, ids)),
        (
            "dosageInstruction",
            Json::Array(vec![Json::Object(vec![("text", Json::Text(scribe.fill("{dose} {freq} x {dur}")))])]),
        ),
    ])
}

fn practitioner(scribe: &mut Scribe) -> Json {
    let person = scribe.cast.providers[0].clone();
    Json::Object(vec![
        ("resourceType", Json::text("Practitioner")),
        ("id", Json::label("other-id", ids::uuid(&mut scribe.rng))),
        (
            "identifier",
            Json::Array(vec![
                identifier(
                    "NPI",
                    "National provider identifier",
                    "http://hl7.org/fhir/sid/us-npi",
                    scribe.fill("{dr.npi}"),
                ),
                identifier(
                    "DEA",
                    "Drug Enforcement Administration registration number",
                    "urn:oid:2.16.840.1.113883.4.814",
                    scribe.fill("{dr.dea}"),
                ),
                identifier(
                    "MD",
                    "Medical License number",
                    "urn:oid:2.16.840.1.113883.4.3.17",
                    scribe.fill("{dr.license}"),
                ),
            ]),
        ),
        ("name", Json::Array(vec![name(&person, "name:provider", &mut scribe.rng)])),
        (
            "telecom",
            Json::Array(vec![
                telecom("phone", "work", scribe.fill("{dr.phone}")),
                telecom("fax", "work", scribe.fill("{dr.fax}")),
                telecom("email", "work", scribe.fill("{dr.email}")),
            ]),
        ),
        ("address", Json::Array(vec![address(&person)])),
    ])
}

fn coverage(scribe: &mut Scribe, ids: &Ids) -> Json {
    Json::Object(vec![
        ("resourceType", Json::text("Coverage")),
        ("id", Json::label("other-id", ids::uuid(&mut scribe.rng))),
        (
            "identifier",
            Json::Array(vec![identifier(
                "MB",
                "Member Number",
                "https://payer.example.com/members",
                scribe.fill("{member}"),
            )]),
        ),
        ("status", Json::text("active")),
        ("subscriberId", Json::Text(scribe.fill("{member}"))),
        ("beneficiary", subject(scribe, ids)),
        ("period", Json::Object(vec![("start", Json::Text(scribe.fill("{isodate}")))])),
        (
            "payor",
            Json::Array(vec![Json::Object(vec![(
                "display",
                Json::text(*scribe.rng.pick(&["Aetna", "Cigna", "Humana", "Medicaid"])),
            )])]),
        ),
        (
            "class",
            Json::Array(vec![Json::Object(vec![
                ("name", Json::text("group")),
                ("value", Json::Text(scribe.fill("{policy}"))),
            ])]),
        ),
    ])
}

fn document_reference(scribe: &mut Scribe, ids: &Ids) -> Json {
    let attachment = if scribe.rng.chance(40) {
        Json::Object(vec![
            ("contentType", Json::text("image/jpeg")),
            ("data", Json::label("image", crate::images::photo_base64(&mut scribe.rng))),
            ("title", Json::Text(scribe.fill("{pt.last} wound photo {isodate}"))),
        ])
    } else {
        Json::Object(vec![("contentType", Json::text("text/plain")), ("url", Json::Text(scribe.fill("{pt.url}")))])
    };
    Json::Object(vec![
        ("resourceType", Json::text("DocumentReference")),
        ("id", Json::label("other-id", ids::uuid(&mut scribe.rng))),
        (
            "identifier",
            Json::Array(vec![identifier(
                "ACSN",
                "Accession ID",
                "http://hospital.example.org/accession",
                scribe.fill("{accession}"),
            )]),
        ),
        ("status", Json::text("current")),
        ("subject", subject(scribe, ids)),
        ("date", Json::Text(scribe.fill("{ts}"))),
        ("author", Json::Array(vec![performer(scribe, ids)])),
        (
            "description",
            Json::Text(scribe.fill("[{>hpi*2-3}\\n{>plan#2-3}\\n{>signature}|{>radfind*2} {>radcall}|{>phone*2}]")),
        ),
        ("content", Json::Array(vec![Json::Object(vec![("attachment", attachment)])])),
    ])
}

fn device(scribe: &mut Scribe, ids: &Ids) -> Json {
    let udi = scribe.fill("{udi}");
    Json::Object(vec![
        ("resourceType", Json::text("Device")),
        ("id", Json::label("other-id", ids::uuid(&mut scribe.rng))),
        ("udiCarrier", Json::Array(vec![Json::Object(vec![("carrierHRF", Json::Text(udi))])])),
        ("status", Json::text("active")),
        ("manufactureDate", Json::Text(scribe.fill("{isodate}"))),
        ("lotNumber", Json::decoy("lot", scribe.rng.fill("####@"))),
        ("serialNumber", Json::Text(scribe.fill("{serial}"))),
        ("modelNumber", Json::decoy("model", scribe.rng.fill("@@-##"))),
        ("version", Json::Array(vec![Json::Object(vec![("value", Json::Text(scribe.fill("{ver}")))])])),
        ("patient", subject(scribe, ids)),
        ("note", notes(scribe)),
    ])
}
