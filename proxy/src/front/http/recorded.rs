//! A request as it is recorded: what it does in words that every such request has, and what is particular to it redacted.

use blackbar_engine::Raw;
use blackbar_ledger::Details;
use blackbar_wire::http::Admitted;
use http::header::{self, HeaderName};
use http::request::Parts;
use serde_json::{Value, json};

use super::envelope::Call;
use crate::gate::Lines;

/// What the recording keeps, redacted, and what the log keeps for ever: nothing in it that a client can choose.
pub(super) fn request(parts: &Parts, admitted: &Admitted, lines: &mut Lines) -> (Value, Details) {
    let target = &admitted.target;
    let template = template(target.path());
    let mut before = "";
    let path: Vec<String> = target
        .path()
        .split('/')
        .map(|segment| {
            let literal = if is_word(segment) { segment.to_owned() } else { place(before, segment, lines) };
            before = segment;
            literal
        })
        .collect();
    let query: Vec<Value> = target
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let shown = if is_control(name) { literal(name, value, lines) } else { whole(value) };
            json!([name_of(name, lines), shown])
        })
        .collect();
    let headers: Vec<Value> = HEADERS
        .iter()
        .flat_map(|name| parts.headers.get_all(name).iter().map(move |value| (name, value)))
        .map(|(name, value)| json!([name.as_str(), text(value.as_bytes(), lines)]))
        .collect();
    let reason: Vec<String> =
        parts.headers.get_all("blackbar-reason").iter().map(|value| text(value.as_bytes(), lines)).collect();
    let length = if admitted.has_body { admitted.length } else { Some(0) };
    let content = json!({
        "method": parts.method.as_str(), "path": path.join("/"), "query": query, "headers": headers, "reason": reason,
        "body_bytes": length,
    });
    let mut facts = Details::new()
        .text("method", parts.method.as_str())
        .text("path", template)
        .number("parameters", target.parameters().len() as u64)
        .flag("reason_given", !reason.is_empty());
    if let Some(length) = length {
        facts = facts.number("body_bytes", length);
    }
    (content, facts)
}

/// Adds the tools that a request calls: redacted to the recording, counted for the log.
pub(super) fn calls(calls: &[Call], content: &mut Value, facts: Details, lines: &mut Lines) -> Details {
    if calls.is_empty() {
        return facts;
    }
    let tools: Vec<Value> = calls
        .iter()
        .map(|call| {
            let arguments: Vec<String> = call.arguments.iter().map(|name| name_of(name, lines)).collect();
            json!({ "tool": text(call.tool.as_bytes(), lines), "arguments": arguments })
        })
        .collect();
    if let Some(content) = content.as_object_mut() {
        content.insert("calls".to_owned(), tools.into());
    }
    facts.number("calls", calls.len() as u64)
}

/// What is committed to: who has the recording's key can show that the request was for this and nothing else.
pub(super) fn original(parts: &Parts, admitted: &Admitted) -> String {
    let target = &admitted.target;
    match target.query() {
        Some(query) => format!("{} {}?{query}", parts.method, target.path()),
        None => format!("{} {}", parts.method, target.path()),
    }
}

const HEADERS: [HeaderName; 3] = [header::ACCEPT, header::CONTENT_TYPE, header::USER_AGENT];

/// Parameters whose values direct a search and name nobody.
fn is_control(name: &str) -> bool {
    const CONTROLS: &[&str] = &[
        "_count",
        "_elements",
        "_format",
        "_include",
        "_pretty",
        "_revinclude",
        "_since",
        "_sort",
        "_summary",
        "_total",
        "_type",
        "limit",
        "offset",
        "page",
        "page_size",
        "per_page",
        "sort",
    ];
    CONTROLS.contains(&name)
}

/// A value that stands for itself: redacted as what its name says, and hidden if it could still be a number of somebody.
/// A path as the log tells it: words of known interfaces, and `*` for the rest.
pub(super) fn template(path: &str) -> String {
    let template: Vec<&str> = path.split('/').map(|segment| if is_word(segment) { segment } else { "*" }).collect();
    template.join("/")
}

fn literal(name: &str, escaped: &str, lines: &mut Lines) -> String {
    if escaped.is_empty() {
        return String::new();
    }
    let value = unescaped(escaped);
    let line = format!("{}: {value}", name.trim_start_matches('_'));
    let told = lines.line(Raw::from(line.clone().into_bytes()));
    let alone = lines.line(Raw::from(value.clone().into_bytes()));
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    if told == line.as_bytes() && alone == value.as_bytes() && digits < 4 { value } else { "[VALUE]".to_owned() }
}

/// A piece of a path that no list has. Reviewers are shown it in a file that is not encrypted, so what could be somebody's name is
/// none of it: only a word in small letters stays, and only if it would not be taken for a name where one is expected.
fn place(before: &str, segment: &str, lines: &mut Lines) -> String {
    let small =
        segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte));
    let told = literal(before, segment, lines);
    if small && literal("name", segment, lines) == told { told } else { whole(segment) }
}

fn whole(value: &str) -> String {
    if value.is_empty() { String::new() } else { "[VALUE]".to_owned() }
}

/// A parameter's name is chosen by the client as well.
fn name_of(name: &str, lines: &mut Lines) -> String {
    let short = name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"-_.:[]".contains(&byte));
    if short && lines.line(Raw::from(name.as_bytes().to_vec())) == name.as_bytes() {
        name.to_owned()
    } else {
        "[NAME OF PARAMETER]".to_owned()
    }
}

fn text(value: &[u8], lines: &mut Lines) -> String {
    const LONGEST: usize = 1024;
    let value = value.get(..value.len().min(LONGEST)).unwrap_or_default();
    String::from_utf8_lossy(&lines.line(Raw::from(value.to_vec()))).into_owned()
}

/// Escapes undone: detectors read what was meant.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        rest = after;
        match (first, after) {
            (b'%', [high, low, behind @ ..]) => match (digit(high), digit(low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high * 16 + low);
                    rest = behind;
                }
                _ => bytes.push(b'%'),
            },
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a segment of a path is a word of the interfaces that gateways stand in front of. Nothing else is kept in the log.
fn is_word(segment: &str) -> bool {
    segment.is_empty() || WORDS.binary_search(&segment).is_ok()
}

/// Resource types and operations of FHIR, and paths of models' interfaces; sorted.
const WORDS: &[&str] = &[
    "$convert",
    "$everything",
    "$expand",
    "$export",
    "$graph",
    "$graphql",
    "$lastn",
    "$lookup",
    "$match",
    "$process-message",
    "$stats",
    "$submit",
    "$transform",
    "$translate",
    "$validate",
    "$validate-code",
    "Account",
    "ActivityDefinition",
    "AdverseEvent",
    "AllergyIntolerance",
    "Appointment",
    "AppointmentResponse",
    "AuditEvent",
    "Basic",
    "Binary",
    "BiologicallyDerivedProduct",
    "BodyStructure",
    "Bundle",
    "CapabilityStatement",
    "CarePlan",
    "CareTeam",
    "CatalogEntry",
    "ChargeItem",
    "ChargeItemDefinition",
    "Claim",
    "ClaimResponse",
    "ClinicalImpression",
    "CodeSystem",
    "Communication",
    "CommunicationRequest",
    "CompartmentDefinition",
    "Composition",
    "ConceptMap",
    "Condition",
    "Consent",
    "Contract",
    "Coverage",
    "CoverageEligibilityRequest",
    "CoverageEligibilityResponse",
    "DetectedIssue",
    "Device",
    "DeviceDefinition",
    "DeviceMetric",
    "DeviceRequest",
    "DeviceUseStatement",
    "DiagnosticReport",
    "DocumentManifest",
    "DocumentReference",
    "Encounter",
    "Endpoint",
    "EnrollmentRequest",
    "EnrollmentResponse",
    "EpisodeOfCare",
    "EventDefinition",
    "Evidence",
    "EvidenceVariable",
    "ExampleScenario",
    "ExplanationOfBenefit",
    "FamilyMemberHistory",
    "Flag",
    "Goal",
    "GraphDefinition",
    "Group",
    "GuidanceResponse",
    "HealthcareService",
    "ImagingStudy",
    "Immunization",
    "ImmunizationEvaluation",
    "ImmunizationRecommendation",
    "ImplementationGuide",
    "InsurancePlan",
    "Invoice",
    "Library",
    "Linkage",
    "List",
    "Location",
    "Measure",
    "MeasureReport",
    "Media",
    "Medication",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationKnowledge",
    "MedicationRequest",
    "MedicationStatement",
    "MessageDefinition",
    "MessageHeader",
    "MolecularSequence",
    "NamingSystem",
    "NutritionOrder",
    "Observation",
    "ObservationDefinition",
    "OperationDefinition",
    "OperationOutcome",
    "Organization",
    "OrganizationAffiliation",
    "Parameters",
    "Patient",
    "PaymentNotice",
    "PaymentReconciliation",
    "Person",
    "PlanDefinition",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "Provenance",
    "Questionnaire",
    "QuestionnaireResponse",
    "RelatedPerson",
    "RequestGroup",
    "ResearchDefinition",
    "ResearchStudy",
    "ResearchSubject",
    "RiskAssessment",
    "Schedule",
    "SearchParameter",
    "ServiceRequest",
    "Slot",
    "Specimen",
    "StructureDefinition",
    "StructureMap",
    "Subscription",
    "Substance",
    "SupplyDelivery",
    "SupplyRequest",
    "Task",
    "TerminologyCapabilities",
    "TestReport",
    "TestScript",
    "ValueSet",
    "VerificationResult",
    "VisionPrescription",
    "_history",
    "_search",
    "_typefilter",
    "api",
    "audio",
    "batches",
    "chat",
    "completions",
    "embeddings",
    "fhir",
    "files",
    "messages",
    "metadata",
    "models",
    "r4",
    "r4b",
    "r5",
    "responses",
    "rest",
    "search",
    "tools",
    "v1",
    "v2",
    "v3",
    "v4",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted() {
        assert!(WORDS.is_sorted());
        assert!(is_word("Patient") && is_word("$everything") && !is_word("7") && !is_word("Marigold"));
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescaped("a%20b+c%4A%zz%"), "a b cJ%zz%");
    }
}
