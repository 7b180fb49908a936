//! Elements of FHIR R4 resources, by the end of their path.
//!
//! A path has the keys from the outermost to the innermost, without array positions. Where the object around declares
//! its type, the path starts with it: `Patient name family`. Most elements are known by the end of their path, so that
//! the same rules hold for resources that have not declared theirs yet.

use blackbar_engine::{Kind, Meaning};

use super::hint;
use crate::kinds;

/// The meaning of the element at `path`, when FHIR knows elements that end so.
#[must_use]
pub fn of(path: &[&[u8]]) -> Option<Meaning> {
    let last = path.last()?;
    if let [resource, b"id"] = path
        && is_resource_type(resource)
    {
        return Some(if is_definition(resource) { Meaning::default() } else { RESOURCE_ID });
    }
    let rule = RULES.iter().find(|rule| ends_with(path, rule.end));
    if let Some(rule) = rule {
        return Some(Meaning { kind: rule.kind, confidence: rule.confidence, hints: rule.hints });
    }
    if is_date(path, last) {
        return Some(Meaning { kind: Some(kinds::DATE), confidence: 96, hints: hint::DATE });
    }
    if path.len() > 1
        && path.iter().rev().skip(1).take(2).any(|key| QUANTITIES.iter().any(|known| known.as_bytes() == *key))
    {
        return Some(Meaning { kind: None, confidence: 0, hints: hint::QUANTITY });
    }
    None
}

/// Identifiers of resources belong to events of care, to people or to those who give it.
const RESOURCE_ID: Meaning = Meaning { kind: Some(kinds::OTHER_ID), confidence: 95, hints: hint::OTHER_ID | hint::MRN };

/// Types of resources are the only names of FHIR that start with a capital.
fn is_resource_type(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_uppercase)
        && name.len() > 3
        && name.iter().all(u8::is_ascii_alphabetic)
        && name.iter().any(u8::is_ascii_lowercase)
}

/// Whether resources of this type describe vocabulary, rules, or substances, and nobody's care.
pub(crate) fn is_definition(resource: &[u8]) -> bool {
    DEFINITIONS.iter().any(|known| known.as_bytes() == resource)
        || resource.ends_with(b"Definition")
        || resource.starts_with(b"MedicinalProduct")
        || resource.starts_with(b"SubstanceN")
        || resource.starts_with(b"SubstanceP")
        || resource.starts_with(b"SubstanceS")
        || resource.starts_with(b"SubstanceR")
}

#[rustfmt::skip] // A word list reads better in lines.
const DEFINITIONS: &[&str] = &[
    "ValueSet", "CodeSystem", "CapabilityStatement", "ConceptMap", "SearchParameter", "ImplementationGuide",
    "NamingSystem", "Questionnaire", "Library", "Measure", "StructureMap", "TerminologyCapabilities",
    "CompartmentDefinition", "ExampleScenario", "TestScript", "TestReport", "Evidence", "EvidenceVariable",
    "ResearchElementDefinition", "EffectEvidenceSynthesis", "RiskEvidenceSynthesis", "OperationOutcome", "Substance",
    "Medication", "MedicationKnowledge", "Parameters", "CatalogEntry", "EvidenceReport", "Citation",
];

/// Whether this is the name of a type of resources that links and references lead to.
pub(crate) fn is_referenced(resource: &[u8]) -> bool {
    RESOURCES.iter().any(|known| known.as_bytes() == resource)
}

/// Whether this is the name of a type of resources, also of one that describes no care.
pub(crate) fn is_type(resource: &[u8]) -> bool {
    is_referenced(resource) || DEFINITIONS.iter().any(|known| known.as_bytes() == resource)
}

/// Where the id begins in `Patient/123`: the type names nobody, and the id is the same as in its own place. 0 elsewhere.
pub(crate) fn id_in_reference(value: &[u8]) -> i32 {
    let Some(slash) = value.iter().position(|byte| *byte == b'/') else { return 0 };
    let (resource, id) = value.split_at(slash);
    let named = id.get(1).is_some_and(u8::is_ascii_alphanumeric) && is_referenced(resource);
    if named { i32::try_from(slash + 1).unwrap_or(0) } else { 0 }
}

/// The types of R4 that are about somebody's care, or about who gives it.
#[rustfmt::skip] // A word list reads better in lines.
const RESOURCES: &[&str] = &[
    "Account", "AdverseEvent", "AllergyIntolerance", "Appointment", "AppointmentResponse", "AuditEvent", "Basic",
    "Binary", "BiologicallyDerivedProduct", "BodyStructure", "Bundle", "CarePlan", "CareTeam", "ChargeItem", "Claim",
    "ClaimResponse", "ClinicalImpression", "Communication", "CommunicationRequest", "Composition", "Condition",
    "Consent", "Contract", "Coverage", "CoverageEligibilityRequest", "CoverageEligibilityResponse", "DetectedIssue",
    "Device", "DeviceMetric", "DeviceRequest", "DeviceUseStatement", "DiagnosticReport", "DocumentManifest",
    "DocumentReference", "Encounter", "Endpoint", "EnrollmentRequest", "EnrollmentResponse", "EpisodeOfCare",
    "ExplanationOfBenefit", "FamilyMemberHistory", "Flag", "Goal", "Group", "GuidanceResponse", "HealthcareService",
    "ImagingStudy", "Immunization", "ImmunizationEvaluation", "ImmunizationRecommendation", "InsurancePlan", "Invoice",
    "Linkage", "List", "Location", "MeasureReport", "Media", "MedicationAdministration", "MedicationDispense",
    "MedicationRequest", "MedicationStatement", "MessageHeader", "MolecularSequence", "NutritionOrder", "Observation",
    "Organization", "OrganizationAffiliation", "Patient", "PaymentNotice", "PaymentReconciliation", "Person",
    "Practitioner", "PractitionerRole", "Procedure", "Provenance", "QuestionnaireResponse", "RelatedPerson",
    "RequestGroup", "ResearchStudy", "ResearchSubject", "RiskAssessment", "Schedule", "ServiceRequest", "Slot",
    "Specimen", "Subscription", "SupplyDelivery", "SupplyRequest", "Task", "VerificationResult", "VisionPrescription",
];

fn ends_with(path: &[&[u8]], end: &[&str]) -> bool {
    path.len() >= end.len()
        && path.iter().rev().zip(end.iter().rev()).all(|(key, known)| *known == "*" || *key == known.as_bytes())
}

/// Dates, instants, and the ends of periods, whatever element they belong to.
fn is_date(path: &[&[u8]], last: &[u8]) -> bool {
    let above = path.len().checked_sub(2).and_then(|i| path.get(i)).copied().unwrap_or_default();
    let within = |end: &[u8]| above.to_ascii_lowercase().ends_with(end);
    match last {
        b"start" | b"end" => within(b"period") || within(b"horizon") || path.len() <= 3,
        // Elsewhere these may be a name, a clock time, or a flag.
        b"time" => matches!(above, b"note" | b"attester" | b"annotation"),
        b"event" => above == b"timing",
        b"when" => within(b"signature") || path.first() == Some(&b"Provenance".as_slice()),
        b"value" => above == b"dateCriterion",
        b"low" | b"high" => false,
        _ => {
            DATES.iter().any(|known| known.as_bytes() == last)
                || last.ends_with(b"DateTime")
                || (last.ends_with(b"Date") && last.len() > 4)
        }
    }
}

const DATES: &[&str] = &[
    "authoredOn",
    "issued",
    "recorded",
    "recordedDate",
    "lastUpdated",
    "sent",
    "received",
    "whenHandedOver",
    "whenPrepared",
    "dateAsserted",
    "assertedDate",
    "created",
    "authored",
    "timestamp",
    "lastReviewDate",
    "valueDate",
    "valueInstant",
    "effectiveInstant",
    "collectedTime",
    "receivedTime",
    "lastModified",
    "servicedDate",
    "billablePeriodStart",
    "dateWritten",
    "manufactureDate",
    "expirationDate",
    "dateRecorded",
    "approvalDate",
    "executionPeriodStart",
    "initiated",
    "transactionTime",
    "birthTime",
    "instant",
    "lastOccurrence",
    "dateTime",
    "started",
    "enteredDate",
    "recordedOn",
    "performedDateTime",
    "paymentDate",
    "verificationDate",
];

/// Elements that hold a measure.
const QUANTITIES: &[&str] = &[
    "valueQuantity",
    "doseQuantity",
    "quantity",
    "valueRange",
    "valueRatio",
    "rateQuantity",
    "rateRatio",
    "maxDosePerPeriod",
    "low",
    "high",
    "numerator",
    "denominator",
    "valueSampledData",
    "duration",
    "daysSupply",
    "expectedSupplyDuration",
];

struct Rule {
    end: &'static [&'static str],
    kind: Option<Kind>,
    confidence: u8,
    hints: u64,
}

macro_rules! rules {
    ($($($key:literal)+ => $kind:expr, $confidence:literal, $hints:expr;)*) => {
        &[$(Rule { end: &[$($key),+], kind: $kind, confidence: $confidence, hints: $hints }),*]
    };
}

const NAME: Option<Kind> = Some(kinds::NAME);
const PROVIDER: Option<Kind> = Some(kinds::NAME_PROVIDER);
const PATIENT: Option<Kind> = Some(kinds::NAME_PATIENT);
const FACILITY: Option<Kind> = Some(kinds::FACILITY);
const STREET: Option<Kind> = Some(kinds::LOCATION_STREET);
const ANY_ID: u64 =
    hint::OTHER_ID | hint::MRN | hint::SSN | hint::HEALTH_PLAN | hint::LICENSE | hint::NPI | hint::ACCOUNT;

/// The first that fits decides; longer endings stand before the shorter ones that they refine.
static RULES: &[Rule] = rules! {
    // HumanName.
    "name" "family" => NAME, 97, hint::NAME;
    "name" "given" => NAME, 97, hint::NAME;
    "name" "text" => NAME, 96, hint::NAME;
    "name" "prefix" => None, 0, hint::NAME;
    "name" "suffix" => None, 0, hint::NAME;
    "valueHumanName" "family" => NAME, 97, hint::NAME;
    "valueHumanName" "given" => NAME, 97, hint::NAME;
    "valueHumanName" "text" => NAME, 96, hint::NAME;
    // ContactPoint: the value's own shape tells which it is.
    "telecom" "value" => Some(kinds::PHONE), 95, hint::PHONE | hint::FAX | hint::EMAIL | hint::URL;
    "valueContactPoint" "value" => Some(kinds::PHONE), 95, hint::PHONE | hint::FAX | hint::EMAIL | hint::URL;
    // Address.
    "address" "line" => STREET, 96, hint::LOCATION;
    "address" "text" => STREET, 95, hint::LOCATION;
    "address" "city" => Some(kinds::LOCATION_CITY), 95, hint::LOCATION;
    "address" "district" => Some(kinds::LOCATION_COUNTY), 93, hint::LOCATION;
    "valueAddress" "line" => STREET, 96, hint::LOCATION;
    "valueAddress" "text" => STREET, 95, hint::LOCATION;
    "valueAddress" "city" => Some(kinds::LOCATION_CITY), 95, hint::LOCATION;
    "valueAddress" "district" => Some(kinds::LOCATION_COUNTY), 93, hint::LOCATION;
    "locationAddress" "line" => STREET, 96, hint::LOCATION;
    "locationAddress" "city" => Some(kinds::LOCATION_CITY), 95, hint::LOCATION;
    "postalCode" => Some(kinds::ZIP), 96, hint::ZIP | hint::LOCATION;
    "position" "latitude" => Some(kinds::LOCATION_GEO), 95, hint::LOCATION;
    "position" "longitude" => Some(kinds::LOCATION_GEO), 95, hint::LOCATION;
    "position" "altitude" => Some(kinds::LOCATION_GEO), 80, hint::LOCATION;
    // Identifiers.
    "qualification" "identifier" "value" => Some(kinds::LICENSE), 95, hint::LICENSE;
    "identifier" "assigner" "display" => FACILITY, 85, hint::FACILITY;
    "identifier" "value" => Some(kinds::OTHER_ID), 95, ANY_ID;
    "valueIdentifier" "value" => Some(kinds::OTHER_ID), 95, ANY_ID;
    "accessionIdentifier" "value" => Some(kinds::OTHER_ID), 95, hint::OTHER_ID;
    "masterIdentifier" "value" => Some(kinds::OTHER_ID), 95, hint::OTHER_ID;
    "groupIdentifier" "value" => Some(kinds::OTHER_ID), 95, hint::OTHER_ID;
    "requisition" "value" => Some(kinds::OTHER_ID), 95, hint::OTHER_ID;
    "subscriberId" => Some(kinds::HEALTH_PLAN), 95, hint::HEALTH_PLAN;
    "preAuthRef" => Some(kinds::OTHER_ID), 90, hint::OTHER_ID;
    "dependent" => Some(kinds::HEALTH_PLAN), 70, hint::HEALTH_PLAN;
    "preAdmissionIdentifier" "value" => Some(kinds::OTHER_ID), 95, hint::OTHER_ID;
    "paymentIdentifier" "value" => Some(kinds::OTHER_ID), 95, hint::OTHER_ID;
    "Coverage" "class" "value" => Some(kinds::HEALTH_PLAN), 93, hint::HEALTH_PLAN;
    "coverage" "class" "value" => Some(kinds::HEALTH_PLAN), 93, hint::HEALTH_PLAN;
    "Coverage" "network" => None, 0, 0;
    "ImagingStudy" "series" "uid" => Some(kinds::OTHER_ID), 95, hint::OTHER_ID;
    "series" "instance" "uid" => Some(kinds::OTHER_ID), 95, hint::OTHER_ID;
    "Subscription" "criteria" => None, 0, hint::OTHER_ID;
    "patient" "id" => Some(kinds::OTHER_ID), 92, hint::OTHER_ID | hint::MRN;
    "resource" "id" => Some(kinds::OTHER_ID), 85, hint::OTHER_ID;
    "contained" "id" => None, 0, 0;
    "ifNoneExist" => Some(kinds::OTHER_ID), 80, hint::OTHER_ID;
    "fullUrl" => Some(kinds::URL), 90, hint::URL | hint::OTHER_ID;
    "reference" => Some(kinds::OTHER_ID), 85, hint::OTHER_ID;
    // Devices.
    "udiCarrier" "carrierHRF" => Some(kinds::DEVICE), 96, hint::DEVICE;
    "udiCarrier" "carrierAIDC" => Some(kinds::DEVICE), 96, hint::DEVICE;
    "udiCarrier" "deviceIdentifier" => Some(kinds::DEVICE), 92, hint::DEVICE;
    "serialNumber" => Some(kinds::DEVICE), 95, hint::DEVICE;
    "distinctIdentifier" => Some(kinds::DEVICE), 93, hint::DEVICE;
    "item" "udi" "display" => Some(kinds::DEVICE), 90, hint::DEVICE;
    "lotNumber" => None, 0, hint::CODE;
    // Names that are plain strings.
    "FamilyMemberHistory" "name" => Some(kinds::NAME_RELATIVE), 93, hint::NAME;
    "Organization" "name" => FACILITY, 92, hint::FACILITY;
    "Organization" "alias" => FACILITY, 90, hint::FACILITY;
    "Location" "name" => FACILITY, 90, hint::FACILITY;
    "Location" "alias" => FACILITY, 88, hint::FACILITY;
    "HealthcareService" "name" => FACILITY, 85, hint::FACILITY;
    "Account" "name" => NAME, 60, hint::NAME;
    "CareTeam" "name" => None, 0, hint::NAME;
    "MessageHeader" "source" "endpoint" => Some(kinds::URL), 80, hint::URL;
    "MessageHeader" "destination" "endpoint" => Some(kinds::URL), 80, hint::URL;
    "Endpoint" "address" => Some(kinds::URL), 85, hint::URL;
    "channel" "endpoint" => Some(kinds::URL), 80, hint::URL;
    // People behind references.
    "for" "display" => PATIENT, 92, hint::NAME;
    "entity" "what" "display" => NAME, 85, hint::NAME;
    "sourcePatientInfo" "display" => PATIENT, 92, hint::NAME;
    "prescriber" "display" => PROVIDER, 92, hint::NAME;
    "orderer" "display" => PROVIDER, 92, hint::NAME;
    "referrer" "display" => PROVIDER, 92, hint::NAME;
    "interpreter" "display" => PROVIDER, 92, hint::NAME;
    "assessor" "display" => PROVIDER, 92, hint::NAME;
    "careManager" "display" => PROVIDER, 92, hint::NAME;
    "expressedBy" "display" => NAME, 88, hint::NAME;
    "verifiedWith" "display" => NAME, 88, hint::NAME;
    "signer" "party" "display" => NAME, 90, hint::NAME;
    "principalInvestigator" "display" => PROVIDER, 92, hint::NAME;
    "ResearchSubject" "individual" "display" => PATIENT, 92, hint::NAME;
    "Group" "member" "entity" "display" => PATIENT, 88, hint::NAME;
    "actor" "reference" "display" => NAME, 85, hint::NAME;
    "actor" "display" => NAME, 88, hint::NAME;
    "observer" "display" => NAME, 75, hint::NAME;
    "subject" "display" => PATIENT, 93, hint::NAME;
    "patient" "display" => PATIENT, 93, hint::NAME;
    "beneficiary" "display" => PATIENT, 93, hint::NAME;
    "subscriber" "display" => NAME, 93, hint::NAME;
    "policyHolder" "display" => NAME, 90, hint::NAME;
    "link" "other" "display" => NAME, 88, hint::NAME;
    "link" "target" "display" => NAME, 88, hint::NAME;
    "guarantor" "party" "display" => NAME, 90, hint::NAME;
    "performer" "display" => PROVIDER, 90, hint::NAME;
    "performer" "actor" "display" => PROVIDER, 90, hint::NAME;
    "practitioner" "display" => PROVIDER, 93, hint::NAME;
    "individual" "display" => PROVIDER, 92, hint::NAME;
    "author" "display" => PROVIDER, 90, hint::NAME;
    "attester" "party" "display" => PROVIDER, 90, hint::NAME;
    "authenticator" "display" => PROVIDER, 90, hint::NAME;
    "requester" "display" => PROVIDER, 90, hint::NAME;
    "recorder" "display" => PROVIDER, 92, hint::NAME;
    "asserter" "display" => PROVIDER, 92, hint::NAME;
    "informationSource" "display" => PROVIDER, 88, hint::NAME;
    "source" "display" => PROVIDER, 75, hint::NAME;
    "generalPractitioner" "display" => PROVIDER, 92, hint::NAME;
    "resultsInterpreter" "display" => PROVIDER, 92, hint::NAME;
    "participant" "actor" "display" => NAME, 90, hint::NAME;
    "participant" "member" "display" => PROVIDER, 90, hint::NAME;
    "provider" "display" => PROVIDER, 90, hint::NAME;
    "careTeam" "provider" "display" => PROVIDER, 90, hint::NAME;
    "enterer" "display" => PROVIDER, 90, hint::NAME;
    "responsible" "display" => PROVIDER, 90, hint::NAME;
    "collector" "display" => PROVIDER, 90, hint::NAME;
    "receiver" "display" => PROVIDER, 88, hint::NAME;
    "sender" "display" => PROVIDER, 88, hint::NAME;
    "recipient" "display" => PROVIDER, 88, hint::NAME;
    "operator" "display" => PROVIDER, 88, hint::NAME;
    "who" "display" => PROVIDER, 88, hint::NAME;
    "onBehalfOf" "display" => FACILITY, 80, hint::FACILITY;
    "authorReference" "display" => PROVIDER, 90, hint::NAME;
    "contributor" "display" => PROVIDER, 90, hint::NAME;
    "owner" "display" => NAME, 80, hint::NAME;
    "party" "display" => NAME, 85, hint::NAME;
    "authorString" => PROVIDER, 90, hint::NAME;
    "agent" "name" => NAME, 88, hint::NAME;
    "agent" "altId" => Some(kinds::NAME_USER), 88, hint::OTHER_ID;
    "network" "address" => Some(kinds::IP), 88, hint::IP;
    // Places behind references.
    "serviceProvider" "display" => FACILITY, 88, hint::FACILITY;
    "managingOrganization" "display" => FACILITY, 88, hint::FACILITY;
    "organization" "display" => FACILITY, 85, hint::FACILITY;
    "custodian" "display" => FACILITY, 88, hint::FACILITY;
    "location" "display" => FACILITY, 85, hint::FACILITY;
    "location" "location" "display" => FACILITY, 88, hint::FACILITY;
    "facility" "display" => FACILITY, 88, hint::FACILITY;
    "origin" "display" => FACILITY, 80, hint::FACILITY;
    "destination" "display" => FACILITY, 80, hint::FACILITY;
    "performingOrganization" "display" => FACILITY, 88, hint::FACILITY;
    "requestingOrganization" "display" => FACILITY, 88, hint::FACILITY;
    "managingEntity" "display" => FACILITY, 85, hint::FACILITY;
    "partOf" "display" => None, 0, 0;
    "AuditEvent" "source" "site" => FACILITY, 85, hint::FACILITY;
    // Images and documents.
    "image" "data" => Some(kinds::IMAGE), 95, hint::IMAGE;
    "Media" "content" "url" => Some(kinds::URL), 90, hint::URL;
    "signature" "data" => Some(kinds::BIOMETRIC), 85, hint::BIOMETRIC;
    "photo" "data" => Some(kinds::IMAGE), 97, hint::IMAGE;
    "photo" "url" => Some(kinds::URL), 92, hint::URL;
    "attachment" "data" => Some(kinds::IMAGE), 90, hint::IMAGE;
    "attachment" "url" => Some(kinds::URL), 88, hint::URL;
    "attachment" "hash" => None, 0, hint::CODE;
    "valueAttachment" "data" => Some(kinds::IMAGE), 90, hint::IMAGE;
    "contentAttachment" "data" => Some(kinds::IMAGE), 90, hint::IMAGE;
    "presentedForm" "data" => Some(kinds::IMAGE), 90, hint::IMAGE;
    "presentedForm" "url" => Some(kinds::URL), 88, hint::URL;
    "content" "data" => Some(kinds::IMAGE), 85, hint::IMAGE;
    "link" "url" => Some(kinds::URL), 80, hint::URL;
    "response" "location" => Some(kinds::URL), 85, hint::URL | hint::OTHER_ID;
    "request" "url" => Some(kinds::OTHER_ID), 60, hint::URL | hint::OTHER_ID;
    "sourceUrl" => Some(kinds::URL), 75, hint::URL;
    // Ages that are quantities.
    "onsetAge" "value" => Some(kinds::AGE), 85, hint::AGE;
    "ageAge" "value" => Some(kinds::AGE), 90, hint::AGE;
    "deceasedAge" "value" => Some(kinds::AGE), 90, hint::AGE;
    "abatementAge" "value" => Some(kinds::AGE), 85, hint::AGE;
    // Vocabulary.
    "coding" "*" => None, 0, hint::CODE;
    "system" => None, 0, hint::CODE;
    "resourceType" => None, 0, hint::CODE;
    "code" "text" => None, 0, hint::CODE;
    "meta" "profile" => None, 0, hint::CODE;
    "meta" "versionId" => None, 0, hint::CODE;
    "meta" "tag" "*" => None, 0, hint::CODE;
    "extension" "url" => None, 0, hint::CODE;
    "modifierExtension" "url" => None, 0, hint::CODE;
    "instantiatesCanonical" => None, 0, hint::CODE;
    "questionnaire" => None, 0, hint::CODE;
    "linkId" => None, 0, hint::CODE;
    "comparator" => None, 0, hint::CODE;
    "contentType" => None, 0, hint::CODE;
    "display" => None, 0, hint::CODE;
};

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(path: &str) -> Option<&'static str> {
        let keys: Vec<&[u8]> = path.split('.').map(str::as_bytes).collect();
        of(&keys).and_then(|meaning| meaning.kind).map(Kind::id)
    }

    fn hints(path: &str) -> u64 {
        let keys: Vec<&[u8]> = path.split('.').map(str::as_bytes).collect();
        of(&keys).map_or(0, |meaning| meaning.hints)
    }

    #[test]
    fn elements_that_carry_identifiers_are_known() {
        let table = [
            ("name.family", "name"),
            ("entry.resource.name.given", "name"),
            ("contact.name.text", "name"),
            ("entry.resource.telecom.value", "phone"),
            ("address.line", "location:street"),
            ("entry.resource.address.city", "location:city"),
            ("address.postalCode", "zip"),
            ("birthDate", "date"),
            ("deceasedDateTime", "date"),
            ("entry.resource.period.start", "date"),
            ("start", "date"),
            ("meta.lastUpdated", "date"),
            ("effectivePeriod.end", "date"),
            ("identifier.value", "other-id"),
            ("entry.resource.id", "other-id"),
            ("entry.fullUrl", "url"),
            ("subject.reference", "other-id"),
            ("subject.display", "name:patient"),
            ("participant.individual.display", "name:provider"),
            ("serviceProvider.display", "facility"),
            ("photo.data", "image"),
            ("udiCarrier.carrierHRF", "device"),
            ("subscriberId", "health-plan"),
            ("authoredOn", "date"),
            ("issued", "date"),
            ("valueDateTime", "date"),
            ("extension.valueAddress.city", "location:city"),
            ("qualification.identifier.value", "license"),
            ("position.latitude", "location:geo"),
            ("note.authorString", "name:provider"),
            ("note.time_.valueDate", "date"),
            ("occurrenceDateTime", "date"),
            ("deceasedAge.value", "age"),
            ("Observation.id", "other-id"),
            ("Bundle.id", "other-id"),
            ("DocumentReference.id", "other-id"),
            ("Patient.name.family", "name"),
            ("Coverage.class.value", "health-plan"),
            ("Coverage.subscriberId", "health-plan"),
            ("FamilyMemberHistory.name", "name:relative"),
            ("Organization.name", "facility"),
            ("Location.name", "facility"),
            ("Task.for.display", "name:patient"),
            ("ImagingStudy.series.uid", "other-id"),
            ("ImagingStudy.started", "date"),
            ("Consent.dateTime", "date"),
            ("Composition.attester.time", "date"),
            ("MedicationRequest.dosageInstruction.timing.event", "date"),
            ("Schedule.planningHorizon.start", "date"),
            ("Encounter.participant.individual.display", "name:provider"),
            ("ResearchSubject.individual.display", "name:patient"),
            ("Bundle.entry.request.ifNoneExist", "other-id"),
        ];
        for (path, expected) in table {
            assert_eq!(kind(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn vocabulary_and_measures_are_told_apart() {
        for path in [
            "code.coding.code",
            "identifier.system",
            "code.coding.display",
            "resourceType",
            "extension.url",
            "medicationCodeableConcept.text.display",
            "meta.profile",
            "identifier.type.coding.code",
        ] {
            assert_eq!(kind(path), None, "{path}");
            assert_ne!(hints(path) & hint::CODE, 0, "{path}");
        }
        for path in [
            "valueQuantity.value",
            "component.valueQuantity.value",
            "dosageInstruction.doseAndRate.doseQuantity.value",
            "referenceRange.low.value",
        ] {
            assert_eq!(kind(path), None, "{path}");
            assert_ne!(hints(path) & hint::QUANTITY, 0, "{path}");
        }
        for path in [
            "StructureDefinition.id",
            "ValueSet.id",
            "OperationDefinition.id",
            "Measure.id",
            "Medication.id",
            "Questionnaire.id",
        ] {
            assert_eq!(kind(path), None, "{path}");
        }
        for path in ["valueString", "text.div", "note.text", "name", "id", "status", "gender"] {
            assert_eq!(kind(path), None, "{path}");
        }
    }
}
