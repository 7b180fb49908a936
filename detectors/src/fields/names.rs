//! Names of columns and keys that are known as a whole, without signs and in lower case: general ones and those of
//! OMOP, Clarity-like and Millennium-like schemas.

use std::collections::HashMap;
use std::sync::LazyLock;

use blackbar_engine::Kind;

use super::hint;
use crate::kinds;

/// A group of names that mean the same.
pub(super) struct Group {
    pub(super) names: &'static [&'static str],
    /// The kind, how sure, in percent, and the bits of context.
    pub(super) kind: Option<Kind>,
    pub(super) confidence: u8,
    pub(super) hints: u64,
}

const fn group(kind: Kind, confidence: u8, hints: u64, names: &'static [&'static str]) -> Group {
    Group { names, kind: Some(kind), confidence, hints }
}

/// How sure a name of a field is that may stand for a person or for what is theirs: only values that look like somebody's
/// name are taken in it.
pub(crate) const LIKELY: u8 = 72;

/// How sure a name of a field is that stands for initials, and for other things where its value is longer.
pub(crate) const INITIALS: u8 = 73;

const fn hints(hints: u64, names: &'static [&'static str]) -> Group {
    Group { names, kind: None, confidence: 0, hints }
}

/// The group of each name; the first, when several have it.
pub(super) static BY_NAME: LazyLock<HashMap<&'static str, &'static Group>> = LazyLock::new(|| {
    let mut by_name = HashMap::with_capacity(GROUPS.iter().map(|group| group.names.len()).sum());
    for group in GROUPS {
        for name in group.names {
            by_name.entry(*name).or_insert(group);
        }
    }
    by_name
});

/// Looked up as they are, then without the prefixes that say whose value it is.
#[rustfmt::skip] // A word list reads better in lines.
pub(super) static GROUPS: &[Group] = &[
    group(kinds::VEHICLE, LIKELY, hint::VEHICLE, &["veh"]),
    group(kinds::NAME, 95, hint::NAME, &[
        "realname", "nombre", "nombres", "apellido", "apellidos", "apellido1", "apellido2", "primerapellido", "segundoapellido",
        "apellidopaterno", "apellidomaterno", "nombrecompleto", "nombrepaciente", "nombredelpaciente",
        "primernombre", "segundonombre", "nom", "prenom", "nomcomplet", "nachname", "vorname", "sobrenome",
        "cognome", "ptlast", "ptfirst", "patlast", "patfirst", "lnm", "fnm", "lastn", "firstn", "minitial",
        "midinit", "middleinit", "subjinit", "subjectinitials", "subjectinits", "patinitials",
        "inits", "reslast", "resfirst", "resname", "resnm", "riderlast", "riderfirst", "donorlast", "donorfirst",
        "clientname", "residentname", "callername", "signaturename", "signedname", "printedname",
        "contactperson", "momname", "dadname", "babyname", "infantname", "newbornname", "childname", "parentname",
        "motherfullname", "fatherfullname", "spousefullname", "partnername", "siblingname", "dependentname",
        "dependentfirstname", "assignedtoname", "nameonchart", "nameoncard", "cardholdername", "accountholder",
        "accountholdername", "patientlname", "patientfname", "pname", "pfname", "plname",
        "patientfirst", "patientlast", "patlname", "patfname", "ptlname", "ptfname", "memlast", "memfirst",
        "memberlast", "memberfirst", "sublast", "subfirst", "subscriberlast", "subscriberfirst", "insuredlast",
        "insuredfirst", "enrolleename", "kidsnames", "familynm", "givennm", "namelastfirst", "lastfirst",
        "lastfirstmi", "nameraw", "namestr", "contactnm", "goesby", "aka", "alsoknownas", "chosenname", "usedname",
        "nametouse", "namesurname",
        "firstname", "lastname", "middlename", "fname", "lname", "mname", "surname", "givenname", "familyname",
        "forename", "fullname", "namefirst", "namelast", "namemiddle", "namefull", "namefullformatted",
        "namefirstkey", "namelastkey", "middleinitial", "maidenname", "nickname", "preferredname", "displayname",
        "legalname", "birthname", "othername", "motherfirstname", "motherlastname", "mothersmaidenname",
        "mothermaidenname", "mothername", "fathername", "spousename", "nokname", "nextofkin", "nextofkinname",
        "emergencycontact", "emergencycontactname", "guardianname", "guarantorname", "contactname", "relativename",
        "patfirstname", "patlastname", "patmiddlename", "aliasname", "formername", "previousname", "personname",
        "patientname", "patname", "ptname", "membername", "subscribername", "insuredname", "policyholdername",
        "policyholder", "employeename", "beneficiaryname", "caregivername", "lastnamefirst", "namelfm", "calledname",
        "patientfullname", "empfirstname", "emplastname", "firstnm", "lastnm", "frstnm", "middlenm", "fullnm",
        "patientnm", "ptnm", "first", "last", "given", "family", "middle", "proxyname", "namesuffixfull",
        "patientinitials", "initials",
    ]),
    // Whose turn it is: a roster has a column for each day.
    group(kinds::NAME_PROVIDER, LIKELY, 0, &[
        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
        "sunday", "days", "eves", "nights", "noc", "dayshift", "nightshift", "pct", "pca", "crewlead",
    ]),
    // What somebody's name begins with, when it is no more than that.
    group(kinds::NAME, INITIALS, 0, &["init", "initl", "rninit", "mdinit", "ptinit", "patinit", "subinit", "staffinit"]),
    // Words that stand for a person or for a thing of theirs: only what looks like a name is one, see `field::settle`.
    group(kinds::NAME, LIKELY, hint::MRN, &["pt", "ptnt", "subj"]),
    group(kinds::NAME, LIKELY, 0, &[
        "who", "fn", "ln", "fam", "giv", "nick", "mom", "dad",
        "sib", "sibling", "rider", "riders", "passenger", "driver", "drv", "donor", "baby", "infant", "newborn", "cg",
        "caregiver", "carer", "visitor", "guest", "escort", "contact", "nok", "guar", "resp", "respparty",
        "responsibleparty", "kid", "child", "student", "pupil", "camper", "members", "crew", "crew1", "crew2", "crew3",
        "dispname", "pn", "whofor", "onbehalfof", "complainant", "witness1", "witness2",
        "rep", "agentname", "inspector", "officer", "guard", "coach", "teacher", "counsellor", "interpreter",
        "proxyfor", "accountable", "chairperson", "submittedby", "loggedby", "editedby", "changedby",
        "ackdby", "ack", "countedby", "deliveredby", "receivedby", "rcvdby", "pickedupby", "takenby", "doneby",
        "releasedby", "issuedby", "issuedto", "returnedby", "readby", "calledto", "notified", "spokewith", "by",
    ]),
    group(kinds::NAME_PROVIDER, LIKELY, 0, &[
        "rn", "md", "lpn", "cna", "pa", "np", "aide", "tech", "techn", "rt", "rph", "coder", "abstractor",
        "staff", "clin", "prov", "doc", "dr", "phys", "surg", "anes", "crna", "fellow", "intern", "reader",
        "rd", "reviewer", "rater", "scorer", "evaluator", "chargern", "primaryrn", "nurse1", "nurse2",
        "md1", "md2", "siteinv", "inv", "presc", "prescr", "prescby", "authby", "orderer", "attdg", "attn",
        "operateur", "operador", "operator", "orthophoniste", "infirmiere", "infirmier", "enfermera", "enfermero",
        "therapeut", "behandler", "hygienist", "dentist", "midwife", "doula", "chaplain", "medic", "medic1", "medic2",
        "emt", "pilot", "perfusionist", "sonographer", "phlebotomist", "phleb", "collector", "collby", "drawnby",
        "scrub", "circulator", "oncall", "covering", "mgr", "supv",
    ]),
    group(kinds::NAME, 60, hint::NAME, &[
        "assignedto", "ownedby", "requestedfor", "sentby", "sentto", "reportedby", "openedby", "closedby", "completedby",
        "handledby", "updatedbyname", "lasteditedby", "sharedwith", "attendee", "attendees", "kids", "emergencyperson",
    ]),
    group(kinds::NAME_PROVIDER, 92, hint::NAME, &[
        "ordphys", "attphys", "refphys", "admphys", "ordmd", "attmd", "refmd", "admmd", "ordprov", "attprov",
        "refprov", "rendprov", "admprov", "opphys", "consphys", "orddr", "attdr", "refdr", "ordphysician",
        "attphysician", "refphysician", "renderingprovider", "renderingphysician", "supervisingprovider",
        "operatingphysician", "medico", "medica", "doctora", "medicotratante", "arzt", "medecin", "medecinname",
        "caseworker", "casemanager", "investigator", "principalinvestigator", "piname", "readingphysician",
        "performingphysician", "performingtechnologist", "technologist", "vaccinator", "givenby", "counselor",
        "navigator", "carecoordinator", "coordinator", "scribe", "physicianofrecord", "referringdoctor",
        "familydoctor", "gp", "gpname", "usualprovider", "signingprovider", "encounterprovider", "visitprovider",
        "billingprovider", "servicingprovider", "dispensedby", "pharmacist", "preparedby", "checkedby",
        "witnessedby", "witness", "ackby", "acknowledgedby", "assessedby", "triagedby", "screener", "interviewer",
        "examiner", "assessor", "operatorname", "operatorsname", "nameofphysiciansreadingstudy",
        "physiciansofrecord", "requestingphysician", "interpretingphysician", "resultinterpreter",
        "providername", "provname", "doctorname", "doctor", "physicianname", "physician", "attendingname",
        "attending", "attendingphysician", "attendingprovider", "referringname", "referringphysician",
        "referringprovider", "orderingprovider", "orderingphysician", "pcp", "pcpname", "primarycareprovider",
        "primarycarephysician", "surgeon", "surgeonname", "nurse", "nursename", "clinician", "clinicianname",
        "practitioner", "practitionername", "consultant", "author", "authorname", "signedby", "enteredby",
        "orderedby", "performedby", "dictatedby", "verifiedby", "prescriber", "prescribername", "radiologist",
        "radiologistname", "pathologist", "admittingphysician", "admittingprovider", "consultingphysician",
        "authoredby", "recordedby", "technician", "technicianname", "anesthesiologist", "therapist", "therapistname",
        "interpretedby", "createdbyname", "collectedby", "reviewedby", "approvedby", "cosignedby", "transcribedby",
        "administeredby", "requestedby", "seenby", "treatingphysician", "authprovname", "authprovider",
        "visitprovname", "refprovname", "referringprovname", "provfullname",
    ]),
    group(kinds::NAME_USER, 90, hint::NAME | hint::OTHER_ID, &[
        "username", "userid", "login", "loginname", "loginid", "userlogin", "screenname", "handle", "mychartlogin",
        "portaluser", "portalusername", "samaccountname", "mychartusername",
    ]),
    group(kinds::LOCATION_STREET, 95, hint::LOCATION, &[
        "calle", "domicilio", "direccion", "direccion1", "direccion2", "adresse", "strasse", "rue", "streetno",
        "strt", "homestreet", "mailstreet", "locationaddress", "incidentaddress", "pickupaddress", "pickup",
        "dropoff", "addrline", "street3", "physicaladdress", "residentialaddress", "addrfull", "fulladdr",
        "currentaddress", "permanentaddress",
        "address", "addr", "street", "streetaddress", "streetaddr", "streetaddr2", "streetaddr3", "streetaddr4",
        "address1", "address2", "address3", "addressline", "addressline1", "addressline2", "addressline3", "addr1",
        "addr2", "addrline1", "addrline2", "addline1", "addline2", "addline3", "street1", "street2", "streetname",
        "homeaddress", "mailingaddress", "workaddress", "residence", "postaladdress", "billingaddress",
        "shippingaddress", "fulladdress", "line1", "line2", "housenumber", "housenum", "apartment", "apt",
        "aptnumber", "tempaddline1", "tempaddline2", "emplraddress", "homeaddr", "mailaddr", "pobox", "streetline1",
        "streetline2", "permaddline1", "permaddline2", "addressline4", "stradd", "strnm",
    ]),
    group(kinds::LOCATION_CITY, 93, hint::LOCATION, &[
        "ciudad", "ville", "stadt", "cidade", "ptcity", "patcity", "patientcity", "hometown", "cityofservice",
        "incidentcity", "localidad", "poblacion", "municipio", "citytown", "colonia",
        "city", "town", "municipality", "cityname", "homecity", "mailingcity", "birthcity", "birthplace",
        "placeofbirth", "cityofbirth", "tempcity", "permcity", "village", "suburb", "locality", "citynm",
        "residencecity", "cityofresidence",
    ]),
    group(kinds::LOCATION_CITY, 90, hint::LOCATION, &["cty", "ctynm", "hmcity", "mailcity", "rescity", "ort", "wohnort", "comune", "citta"]),
    group(kinds::LOCATION_STREET, 90, hint::LOCATION, &[
        "adr1", "adr2", "adr3", "hmline", "hmaddr", "hmline1", "hmline2", "resaddr", "mailaddr1", "mailaddr2", "addrtxt",
        "addrdir", "addrdirections", "straddr", "strasse1", "adresse1", "adresse2", "indirizzo", "pickupaddr",
        "dropaddr", "dropoffaddr", "cross", "crossstreet", "crossstreets",
    ]),
    group(kinds::LOCATION_COUNTY, 90, hint::LOCATION, &["quartier", "barrio", "bairro", "borough", "hood", "colony", "plzort", "landkreis", "cnty"]),
    group(kinds::LOCATION_COUNTY, 90, hint::LOCATION, &[
        "county", "parish", "countyname", "neighborhood", "neighbourhood", "precinct", "district",
        "countyofresidence",
    ]),
    group(kinds::LOCATION_GEO, 92, hint::LOCATION, &[
        "latitude", "longitude", "lat", "lon", "lng", "long", "geo", "geocode", "geolocation", "latlong", "latlng",
        "coordinates", "gps", "censustract", "censusblock", "geopoint", "geohash", "blockgroup", "what3words",
    ]),
    group(kinds::FACILITY, 85, hint::FACILITY, &[
        "site", "clinicsite", "studysite", "sitenm", "facilitydesc", "facname", "facnm", "fac", "hosp", "hospname",
        "institution", "institutionname", "referringclinic", "pharmacy", "pharm", "dispensingpharmacy",
        "preferredpharmacy", "shelter", "performinglab", "performinglaboratory", "receivinghospital",
        "destination", "destinationfacility", "workplace", "locdesc", "practice", "nursinghomename", "snf",
        "snfname", "dialysiscenter", "schooldistrict",
        "facility", "facilityname", "hospital", "hospitalname", "clinic", "clinicname", "caresitename",
        "organizationname", "orgname", "practicename", "locname", "locationname", "departmentname", "deptname",
        "sitename", "employer", "employername", "school", "schoolname", "pharmacyname", "labname", "nursinghome",
        "sendingfacility", "receivingfacility", "servicefacility", "emplrname", "wardname", "unitname", "caresite",
        "admittinghospital", "referringfacility", "facilitynm", "hospitalnm",
    ]),
    group(kinds::FACILITY, 85, hint::FACILITY, &[
        "ecole", "escuela", "escola", "schule", "krankenhaus", "hopital", "clinique", "clinica", "praxis", "kita",
        "daycare", "desthosp", "destfac", "rcvghosp", "rcvgfac", "xferto", "transferto", "sendinghosp", "reffac",
        "venue", "church", "nh", "alf", "ltc", "grouphome", "homeagency", "hha", "hospiceagency", "dmevendor",
        "towto", "businessname", "pharmacynm", "rxstore", "clinicnm", "agencynm", "agencyname", "orgnm",
    ]),
    // Whether it says where somebody went or where data went, the value shows.
    group(kinds::FACILITY, 60, hint::FACILITY, &["dest", "drop", "org", "place"]),
    group(kinds::ZIP, 95, hint::ZIP | hint::LOCATION, &["zp", "zip5cd", "zcode", "hmzip", "mailzip", "reszip"]),
    group(kinds::ZIP, 95, hint::ZIP | hint::LOCATION, &[
        "cp", "codigopostal", "plz", "codepostal", "ptzip", "patientzip", "zipcd5",
        "zip", "zipcode", "zip5", "zip9", "zip4", "zipplus4", "postalcode", "postcode", "postal", "homezip",
        "mailingzip", "tempzip", "zip3", "patzip", "permzip", "zcta", "zipcd", "zipcode5", "homezipcode",
        "residencezip", "postalcd",
    ]),
    group(kinds::DATE, 95, hint::DATE, &[
        "fechanac", "fechanacimiento", "fechadenacimiento", "fnac", "fechaingreso", "fechaalta", "fechaegreso",
        "fechacita", "fechavisita", "fecha", "geburtsdatum", "datenaissance", "datadenascimento", "brthdt", "birdt",
        "birthd", "dobdt", "ptdob", "patdob", "colldt", "colldtm", "collecteddtm", "collectdt", "coldttm", "coldate",
        "rcvddtm", "rcvdt", "rsltdt", "rsltdtm", "admitdt", "admdt", "admdtm", "dischdt", "dschdt", "dcdate", "dcdt",
        "dthdt", "deathdt", "visitdt", "visdt", "encdt", "svcdate", "eventts", "eventtime", "eventdt",
        "eventdttm", "occurredat", "occurredon", "accesstime", "accessdate", "sentat", "sentdate", "senton",
        "consentdate", "consentdt", "randdate", "randdt", "screendate", "scrdate", "vaxdate", "vaccinedate",
        "vaccinationdate", "fludate", "shotdate", "dosedate", "dose1date", "dose2date", "givenon", "lastfill",
        "lastfilldate", "nextappt", "nextappointmentdate", "onset", "onsetdt", "dxdate", "rxdate", "orddt",
        "ordertm", "orddttm", "surgdate", "surgdt", "opdate", "opdt", "procdt", "procdate", "testdate", "labdate",
        "drawdate", "drawdt", "bddate", "born", "lastlogin", "lastcontact", "calldate", "callstart", "callend",
        "startts", "endts", "asof", "intakedate", "opendate", "closedate", "hiredate", "termdate",
        "dob", "birthdate", "dateofbirth", "birthday", "birthdt", "birthdttm", "birthdatetime", "birthtime", "bday",
        "bdate", "date", "datetime", "dateofdeath", "deathdate", "deathdatetime", "dod", "deceaseddttm",
        "deceaseddate", "deathtime", "dos", "dateofservice", "servicedate", "admitdate", "admissiondate",
        "admitdatetime", "dischargedate", "dischargedatetime", "visitdate", "encounterdate", "appointmentdate",
        "apptdate", "contactdate", "hospadmsntime", "hospdischtime", "hospadmsndate", "admittime", "dischtime",
        "deathtime", "admissiontime", "dischargetime", "ordertime", "orderingdate", "resulttime", "resultdate",
        "collectiondate", "specimentakentime", "edregtime", "edouttime", "charttime", "storetime", "starttime",
        "endtime", "intime", "outtime", "surgerydate", "proceduredate", "onsetdate", "diagnosisdate", "noteddate",
        "resolveddate", "startdate", "enddate", "stopdate", "effectivedate", "expirationdate", "filldate",
        "dispensedate", "lastfilled", "createdat", "updatedat", "createdon", "updatedon", "modifiedon", "deletedat",
        "signedat", "lastvisit", "nextvisit", "nextappointment", "lmp", "edd", "duedate", "injurydate",
        "accidentdate", "dateofinjury", "eventdate", "recorddate", "reporteddate", "notedate", "enrollmentdate",
        "issuedate", "transferdate", "immunizationdate", "dateadministered", "timestamp", "lastupdated",
        "lastmodified", "lastseen", "admittedat", "dischargedat", "scheduledat", "scheduledfor", "monthofbirth",
        "dayofbirth", "regdttm", "dischdttm", "begeffectivedttm", "endeffectivedttm", "eventenddttm", "updtdttm",
        "activestatusdttm", "birthmonth", "birthdaymonth", "collectedat", "receivedat", "issuedat", "bornon",
        "diedon", "seenon", "hospitalizationdate", "examdate", "studydate", "seriesdate", "acquisitiondate",
        "patientbirthdate", "dateofadmission", "dateofdischarge", "dateofvisit", "dateofonset", "dateofdiagnosis",
        "dateofsurgery", "dateofprocedure", "apptdttm", "appttime", "checkintime", "checkouttime", "bdt", "svcdt",
        "fromdate", "todate", "thrudate", "throughdate", "paiddate", "claimdate",
    ]),
    group(kinds::AGE, 80, hint::AGE, &[
        "age", "ageyears", "ageinyears", "ageyrs", "patientage", "ageatdeath", "ageatvisit", "ageatadmission",
        "ageatencounter", "currentage",
    ]),
    hints(hint::AGE, &[
        "birthyear", "yearofbirth", "yob",
    ]),
    group(kinds::DATE, 93, hint::DATE, &[
        "bd", "brth", "bdy", "dtob", "brthday", "birthd8", "neele", "nele", "geb", "gebdat", "gebdatum", "deathday",
        "dthday", "admday", "dcday", "svcd", "svcday", "prochainrdv", "rdv",
    ]),
    group(kinds::PHONE, 92, hint::PHONE, &[
        "resppartyph", "respph", "hmph", "hmphone", "wkph", "wkphone", "cellph", "ptph", "patph", "momph", "dadph", "tel1",
        "tel2", "ph1", "ph2", "phn", "phno", "homeph", "workph", "mob", "handy", "natel", "callbackno",
        "driverph", "contactph", "nokph", "emergph", "emergencyph",
    ]),
    group(kinds::PHONE, 95, hint::PHONE, &[
        "telefono", "telefono1", "telefono2", "celular", "movil", "teleph", "telf", "tfno", "handynummer", "telefon",
        "ptphone", "patphone", "patientphone", "memberphone", "callerid", "callingnumber", "callednumber",
        "fromnumber", "tonumber", "ani", "dnis", "guardianphone", "spousephone", "parentphone", "momphone",
        "dadphone",
        "phone", "telephone", "tel", "telno", "phoneno", "phonenumber", "phonenum", "phonenbr", "mobile",
        "mobilephone", "mobileno", "mobilenumber", "cell", "cellphone", "cellnumber", "cellno", "homephone",
        "workphone", "officephone", "contactphone", "contactnumber", "emergencyphone", "emergencycontactphone",
        "daytimephone", "eveningphone", "phonehome", "phonework", "phonemobile", "phonecell", "pager", "pagernumber",
        "telecom", "landline", "callback", "callbacknumber", "phone1", "phone2", "nokphone", "telephonenumber",
        "phonenr", "contactno", "altphone", "otherphone", "homephonenumber", "workphonenumber", "cellphonenumber",
        "msisdn", "sms", "whatsapp", "dayphone", "permphone", "emplrphone",
    ]),
    group(kinds::FAX, 95, hint::FAX | hint::PHONE, &[
        "fax", "faxno", "faxnumber", "faxnum", "officefax", "workfax", "homefax", "facsimile", "faxphone",
    ]),
    group(kinds::EMAIL, 96, hint::EMAIL, &[
        "correo", "correoelectronico", "emailpersonal", "guardianemail", "parentemail", "ptemail", "patientemail",
        "email", "emailaddress", "emailaddr", "mail", "emailid", "homeemail", "workemail", "personalemail",
        "contactemail", "eml", "emailaddr1", "primaryemail", "secondaryemail", "useremail", "emailadr",
    ]),
    group(kinds::SSN, 97, hint::SSN, &[
        "ssn", "socialsecuritynumber", "socialsecurity", "socialsecurityno", "ssnumber", "socsec", "socsecno",
        "taxid", "taxpayerid", "ssnlast4", "last4ssn", "ssn4", "nationalid", "itin", "tin", "socialsecuritynum",
        "socsecnum", "ssnno", "ssnum",
    ]),
    group(kinds::MRN, 96, hint::MRN, &[
        "numexpediente", "expediente", "noexpediente", "nroexpediente", "historiaclinica", "numhistoria", "nhc",
        "mrnnbr", "mrnnum", "ptmrn", "ptno", "ptnum", "patno", "patnum", "patnbr", "medrecnumber", "chartnbr",
        "chartnum", "mrno", "medicalrecnum", "subjectmrn", "clientid", "clientno", "clientnumber",
        "residentid", "ptidentifier",         "mrn", "mrnumber", "medicalrecordnumber", "medrecno", "medrec", "medrecnum", "medicalrecord",
        "medicalrecordno", "patientid", "patid", "ptid", "chartnumber", "chartno", "chartid", "patmrnid", "patmrn",
        "empi", "empiid", "cmrn", "mpi", "mpiid", "eid", "unitnumber", "patientnumber", "patientno", "hospitalnumber",
        "hospno", "epicpatid", "personid", "personsourcevalue", "mrnid", "localpatientid", "sourcepatientid",
        "patientidentifier", "subjectsourcevalue", "patientmrn", "patientuuid", "patientkey", "patientsk", "patkey",
        "enterpriseid", "zpatid", "identityid", "medicalrecordid", "mrnbr", "pid", "medrecnbr",
    ]),
    group(kinds::MRN, 90, hint::MRN, &[
        "patnr", "patientennr", "patientnr", "fallnr", "dossier", "nodossier", "ndossier", "numdossier", "numerodossier", "folio",
        "nofolio", "numfolio", "ipp", "nip", "resid", "resno", "resnum", "residentno", "residentnum", "personkey", "perskey", "ptkey", "mrnum",
        "hrn", "urno", "unitno", "unitnum", "hospid", "clinicno", "enrollno",
    ]),
    // A picture, a plan or an answer as often: only what has digits enough.
    group(kinds::MRN, LIKELY, hint::MRN, &["chart"]),
    group(kinds::HEALTH_PLAN, LIKELY, hint::HEALTH_PLAN, &["grp", "medicaid", "medicare", "cardholder"]),
    group(kinds::HEALTH_PLAN, 90, hint::HEALTH_PLAN, &[
        "mcaid", "mcare", "cardholderno", "chid", "rxmember", "hmoid",
        "medicalno", "ahcccs", "mainecareid", "policynbr", "polno", "polnum", "subnum", "memnbr",
    ]),
    group(kinds::HEALTH_PLAN, 95, hint::HEALTH_PLAN, &[
        "polizanumber", "numpoliza", "poliza", "numeroafiliado", "memberidnumber", "mbrid", "mbrno",
        "subid", "subno", "subscribernbr", "insid", "insno", "insmemberid", "insurancenbr",
        "planmemberno", "medicaidnbr", "medicarenbr", "grpno", "grpnum",
        "grpnbr", "groupno", "mcaidno", "mcareno",
        "memberid", "membernumber", "memno", "memnumber", "memid", "subscriberid", "subscribernumber", "subscrnum",
        "subscriberno", "policynumber", "policyno", "policyid", "groupnumber", "groupnum", "groupid", "insuranceid",
        "insurancenumber", "medicareid", "medicarenumber", "mbi", "hicn", "hic", "medicaidid", "medicaidnumber",
        "beneficiaryid", "beneid", "benesk", "deskynpuf", "deskynpufid", "planmemberid", "coverageid", "insuredid",
        "healthplanid", "healthplannumber", "cardholderid", "memberkey", "insurancepolicynumber", "insurancememberid",
        "payermemberid", "certno", "medicareno", "medicaidno", "insuranceno", "policynum", "rxgroup", "enrolleeid",
    ]),
    group(kinds::ACCOUNT, 94, hint::ACCOUNT, &[
        "account", "accountnumber", "accountno", "accountid", "acct", "acctno", "acctnum", "acctnumber", "acctid",
        "hspaccountid", "hospitalaccountid", "har", "harid", "guarantorid", "guarantornumber", "guarantoraccount",
        "billingaccount", "billingid", "patientaccount", "patientaccountnumber", "finnbr", "fin", "finnumber",
        "bankaccount", "bankaccountnumber", "iban", "routingnumber", "aba", "patacctnum", "invoicenumber",
        "invoiceno", "claimid", "claimnumber", "claimno", "clmid", "financialnumber", "accountnbr", "acctnbr",
        "billid", "billnumber",
    ]),
    group(kinds::CARD, 95, hint::CARD, &[
        "cardnumber", "creditcard", "creditcardnumber", "ccnumber", "ccnum", "pan", "cardno", "debitcard",
        "paymentcard", "cardnum",
    ]),
    group(kinds::LICENSE, 93, hint::LICENSE, &[
        "licno", "licnum", "licnbr", "licensenbr", "stateid", "stateidno", "stateidnumber", "dlnum",
        "driverlicenseno", "cdsnumber",
        "license", "licensenumber", "licenseno", "licence", "licencenumber", "driverslicense", "driverlicense",
        "driverslicensenumber", "dl", "dlnumber", "dlno", "passport", "passportnumber", "passportno", "statelicense",
        "medicallicense", "certificatenumber", "licensenum", "driverlicensenumber", "statelicensenumber",
    ]),
    group(kinds::NPI, 92, hint::NPI, &[
        "rend", "rendnpi", "billnpi", "refnpi", "attnpi", "attdnpi", "ordnpi", "operatingnpi", "prescnpi", "svcnpi",
        "facnpi", "pharmnpi",
    ]),
    group(kinds::NPI, 96, hint::NPI, &[
        "npi", "npinumber", "providernpi", "npiid", "nationalproviderid", "nationalprovideridentifier",
        "attendingnpi", "renderingnpi", "billingnpi", "referringnpi", "npino",
    ]),
    group(kinds::DEA, 96, hint::DEA, &[
        "dea", "deanumber", "deano", "deaid",
    ]),
    group(kinds::VEHICLE, 94, hint::VEHICLE, &[
        "platenbr", "platenum", "licplate", "tagno", "vehiclevin", "carplate",
        "vin", "vehicleid", "vinnumber", "licenseplate", "licenceplate", "plate", "platenumber",
        "vehicleidentificationnumber", "plateno", "vehicleplate",
    ]),
    group(kinds::DEVICE, 92, hint::DEVICE, &[
        "deviceserialno", "deviceno", "devicenumber", "pumpid", "pumpsn", "monitorserial", "implantserialnumber",
        "serialnbr", "assettag", "assetid", "assetno", "leadserial", "lensserial", "meterserial", "eqpserial",
        "serialnumber", "serialno", "serial", "deviceid", "deviceserial", "deviceserialnumber", "udi", "imei",
        "uniquedeviceid", "implantserial", "deviceidentifier", "devicesourcevalue", "implantid", "pumpserial",
        "pacemakerserial", "sn", "deviceuid", "serialnum", "meid", "udidi",
    ]),
    group(kinds::URL, 88, hint::URL, &[
        "url", "website", "homepage", "webaddress", "photourl", "avatarurl", "imageurl", "profileurl", "portalurl",
        "weburl", "blogurl",
    ]),
    group(kinds::IP, 95, hint::IP, &[
        "lastip", "srcaddr", "wanip", "lanip", "publicip", "peerip", "hostaddr", "ipaddrv4", "loginip", "originip",
        "ip", "ipaddress", "ipaddr", "clientip", "remoteip", "sourceip", "srcip", "dstip", "remoteaddr", "hostip",
        "ipv4", "ipv6", "userip", "xforwardedfor", "clientaddr",
    ]),
    group(kinds::MAC, 95, hint::MAC, &[
        "wifimac", "btmac", "bluetoothmac", "ethmac", "blemac", "lanmac", "wlanmac", "hwaddress",
        "mac", "macaddress", "macaddr", "hwaddr", "bssid", "ethernetaddress",
    ]),
    group(kinds::BIOMETRIC, 93, hint::BIOMETRIC, &[
        "fingerprint", "fingerprinthash", "fingerprinttemplate", "retina", "retinascan", "iris", "irisscan",
        "irishash", "voiceprint", "faceid", "facetemplate", "biometric", "biometricid", "biometrichash",
        "biometrictemplate", "faceencoding", "palmprint", "dnaprofile",
    ]),
    group(kinds::IMAGE, 92, hint::IMAGE, &[
        "imagefile", "photofile", "img", "imgfile", "photoname", "imagefilename", "photopath", "imagepath",
        "woundphoto",
        "photo", "photograph", "picture", "headshot", "avatar", "facephoto", "patientphoto", "photodata", "portrait",
        "profilephoto", "profilepicture", "selfie",
    ]),
    group(kinds::OTHER_ID, 92, hint::OTHER_ID, &[
        "scrno", "screenno", "screeningno", "screeningnumber", "randno", "randnumber", "randomno", "subjid",
        "usubjid", "subjno", "subjnum", "subjectno", "subjectnumber", "specid", "specno", "specnum", "specimenno",
        "accno", "accnum", "accnbr", "accn", "accnno", "extid", "externalid", "externalsubject", "reqid", "reqno",
        "reqnum", "requisitionno", "requisitionnumber", "ticketid", "ticketno", "ticketnumber", "encounterref",
        "claimref", "visitnbr", "encnbr", "enccsn", "csnnbr", "runno", "runnumber", "incidentno",
        "incidentnumber", "tripid", "labno", "labnumber", "sampleno", "samplenumber", "kitno",
        "kitnumber", "kitid", "barcode", "barcodeno", "orderref", "rxid", "rxnum", "rxnbr", "scriptno",
        "authno", "authid", "authref", "refno", "refnum", "refnumber", "referenceno", "referencenumber", "confno",
        "confirmationno", "confirmationnumber", "docid", "docno", "docketno", "docketnumber",
        "badgeno", "badgenbr", "empno", "empnum", "empnbr", "staffno", "operatorid", "operid", "workerid", "userref",
        "workstationuser", "jobticket", "trackingno", "trackingnumber", "trackingid", "caseref", "caseidentifier",
        "bookingid", "bookingno", "inmateid", "inmateno", "patientacctref", "procedurenumber", "examid", "examno",
        "examnumber", "studyno", "studynumber", "studyinstanceid", "seriesid", "sopuid",
        "encounterid", "encid", "encntrid", "visitid", "visitnumber", "visitno", "visitoccurrenceid",
        "visitsourcevalue", "csn", "patencsnid", "patenccsnid", "csnid", "admissionid", "hadmid", "stayid",
        "icustayid", "accession", "accessionnumber", "accessionno", "accessionnum", "accessionid", "specimenid",
        "specimennumber", "specimensourceid", "sampleid", "orderid", "ordernumber", "orderno", "orderprocid",
        "ordermedid", "ordernum", "placerordernumber", "fillerordernumber", "prescriptionid", "prescriptionnumber",
        "rxnumber", "rxno", "subjectid", "studyid", "participantid", "studysubjectid", "trialid", "referralid",
        "referralnumber", "authnumber", "authorizationnumber", "priorauthnumber", "noteid", "documentid", "reportid",
        "appointmentid", "apptid", "caseid", "casenumber", "caseno", "employeeid", "employeenumber", "empid",
        "staffid", "badgenumber", "badgeid", "badge", "studentid", "militaryid", "veteranid", "providerid", "provid",
        "prsnlid", "practitionerid", "physicianid", "doctorid", "pcpprovid", "curpcpprovid", "visitprovid",
        "authrzingprovid", "providersourcevalue", "caregiverid", "householdid", "familyid", "guardianid",
        "emergencycontactid", "contactid", "donorid", "recipientid", "transplantid", "registryid", "tumorid",
        "biobankid", "studyinstanceuid", "seriesinstanceuid", "sopinstanceuid", "studyuid", "alias", "patencid",
        "encountercsn", "encounternumber", "encounterno", "procedureid", "medicationorderid", "labid", "subjectkey",
        "subjectidentifier", "encountersourcevalue", "patientencounterid", "episodeid", "proxyid", "screeningid",
        "randomizationid", "randomizationnumber", "wristbandid", "bandid", "socialhandle", "twitter", "facebook",
        "instagram", "linkedin",
    ]),
    // A medicine as often as the number of its prescription.
    group(kinds::OTHER_ID, LIKELY, hint::OTHER_ID, &["rx"]),
    group(kinds::OTHER_ID, 88, hint::OTHER_ID, &[
        "responseid", "respid", "regusr", "usr", "usrid", "usrnm", "upduser", "updusr", "moduser", "crtuser", "createuser",
        "addusr", "lastuser", "exportedby", "icn", "dcn", "tcn", "pcrno", "pcrnum", "pcrid", "dictid",
        "dictjob", "leavecase", "euid", "irms", "encodedid", "opid", "techid", "nurseid", "rnid", "cliniciancode",
    ]),
    hints(hint::CODE, &[
        "primarysite", "tumorsite", "bodysite", "injsite", "injectionsite", "laterality", "surgsite", "surgerysite",
        "code", "codes", "system", "codesystem", "unit", "units", "uom", "loinc", "loinccode", "snomed", "snomedcode",
        "sctid", "icd", "icd9", "icd10", "icd10code", "icd9code", "icdcode", "cpt", "cptcode", "hcpcs", "hcpcscode",
        "rxnorm", "rxcui", "ndc", "ndccode", "drg", "status", "type", "resourcetype", "category", "class", "use",
        "mode", "intent", "priority", "version", "versionid", "conceptid", "conceptcode", "vocabularyid", "domainid",
        "gender", "sex", "race", "ethnicity", "language", "locale", "currency", "country", "countrycode", "state",
        "statecode", "statecd", "maritalstatus", "religion", "model", "object", "role", "kind", "format",
        "mimetype", "contenttype", "encoding", "severity", "finishreason", "dxcode", "diagnosiscode",
        "procedurecode", "proccode", "medicationcode", "drugcode", "testcode", "observationcode", "schema", "linkid",
        "specialty", "provenance", "flag", "conditionsourcevalue", "drugsourcevalue", "proceduresourcevalue",
        "measurementsourcevalue", "observationsourcevalue", "unitsourcevalue", "gendersourcevalue", "racesourcevalue",
        "ethnicitysourcevalue", "routesourcevalue",
    ]),
    hints(hint::CODE | hint::WORDED, &["diagnosis", "medication", "drug", "procedure", "event", "method"]),
    hints(hint::QUANTITY | hint::WORDED, &["value", "result", "resultvalue"]),
    hints(hint::QUANTITY, &[
        "valuenum", "valueasnumber", "quantity", "qty", "dose", "dosage", "amount", "count", "total",
        "score", "weight", "height", "bmi", "bp", "systolic", "diastolic", "heartrate", "hr",
        "pulse", "temperature", "temp", "spo2", "glucose", "cost", "price", "charge", "copay", "balance", "rate",
        "duration", "length", "size", "index", "los", "lengthofstay", "dayssupply", "refills", "frequency",
        "strength", "percentage", "percent", "min", "max", "mean", "median", "std", "ordinal", "sequence", "seq",
        "rank", "weightkg", "heightcm", "referencerange", "rangelow", "rangehigh", "reflow", "refhigh",
        "numericvalue", "ordnumvalue", "ordvalue",
    ]),
];
