// Header blocks, letterheads, signatures, forms.

== h.hpi
{-heading:History of Present Illness}
{-heading:HPI}
{-heading:HISTORY OF PRESENT ILLNESS}
{-heading:Present Illness}
== h.pmh
{-heading:Past Medical History}
{-heading:PMH}
{-heading:PAST MEDICAL AND SURGICAL HISTORY}
{-heading:Problem List}
== h.meds
{-heading:Current Medications}
{-heading:MEDICATIONS}
{-heading:Home Meds}
{-heading:Medications on Admission}
== h.exam
{-heading:Physical Examination}
{-heading:PHYSICAL EXAM}
{-heading:Exam}
{-heading:PE}
== h.labs
{-heading:Laboratory Data}
{-heading:LABS}
{-heading:Pertinent Results}
{-heading:Data Reviewed}
== h.ap
{-heading:Assessment and Plan}
{-heading:A/P}
{-heading:ASSESSMENT & PLAN}
{-heading:Impression and Recommendations}
== h.interval
{-heading:Interval History}
{-heading:Overnight Events}
{-heading:24 Hour Events}
== h.family
{-heading:Family History}
{-heading:FH}
{-heading:FAMILY AND SOCIAL HISTORY}
== hdr
[Patient|Patient Name|PATIENT|Pt Name|Name]: {>pt.header}\n[MRN|Medical Record Number|MR#|Med Rec #|Unit No]: {mrn}\n[DOB|Date of Birth|Birthdate]: {dob}\n[Date of Service|DOS|Visit Date|Date]: {date}\n[Provider|Attending|PCP|Physician]: {dr.sig}
{facility}\n{-heading:[Progress Note|PROGRESS NOTE|Clinic Note|Office Visit|Follow-Up Visit]}\n\n[Name|Patient]: {>pt.header}   [DOB|D.O.B.]: {dob}   [Age|AGE]: {age}   Sex: {sex}\nMRN: {mrn}   [Visit|Encounter|CSN|Visit #]: {csn}\n[Date|DOS]: {date}   [Time|]: {clock}
{-heading:[PROGRESS NOTE|Consultation Note|H&P|Clinic Visit]} [|-] {date}\n{>pt.header} | {mrn} | [DOB|b.] {dob} | {room}
NAME: {pt.upper}\nMRN: {mrn}\nACCT[ #|]: {account}\nDOB: {dob}\nADMIT DATE: {admit}\nATTENDING: {dr.last}, {dr.first}
[Patient|Pt]: {>pt.header}\n[Account|Acct #|Account Number|HAR]: {account}\n[Date of visit|Visit date]: {date}\n[Referring|Referred by|PCP]: {dr2.sig}\n[Location|Facility|Site]: {facility}
{pt.tight}   {mrn}   {dob}   {sex}   {room}\n{facility}   ATT: {dr.tight}\n{-heading:[PROGRESS NOTES|PHYSICIAN NOTES|CONSULT]}
Patient ID: {mrn} [Encounter ID: {csn}|] \nPatient: {pt.lastfirst}\nBorn: {dob} ({age} [y|yrs|years old])\nSeen by: {dr.full} on {date}
== hdr.tiny
{pt.lastfirst} ({mrn}) - {date}
{date} {clock} -- {pt.full}, MRN {mrn}
[Pt|Patient]: {pt.formal}. [Seen|Visit] {date}.
[RE|Re]: {pt.titlefull}, DOB {dob}
{pt.initials} {age} {sex} / [MR|chart] # {mrn} / {date}
== hdr.discharge
{facility}\n{-heading:[DISCHARGE SUMMARY|Discharge Summary|Summary of Hospitalization]}\n\n[Patient Name|Name|PATIENT]: {>pt.header}\n[MRN|Unit Number|Medical Record No.]: {mrn}\n[DOB|Date of Birth]: {dob}\n[Date of Admission|Admission Date|ADMITTED]: {admit}\n[Date of Discharge|Discharge Date|DISCHARGED]: {today}\n[Attending Physician|Attending]: {dr.sig}\n[Primary Care|PCP]: {dr2.sig}
[Admit|Admission] Date: {admit}              Discharge Date: {today}\n\nDate of Birth: {dob}             Sex: {sex}\n\n[Service|SERVICE]: {-heading:[MEDICINE|CARDIOLOGY|SURGERY|ORTHOPAEDICS|NEUROLOGY]}\n[Allergies|ALLERGIES]: {drug}\n\nAttending: {dr.full}\n[Patient|Name]: {pt.formal}   [Unit No|MRN]: {mrn}
{-heading:DISCHARGE SUMMARY} - {pt.upper}\n\n[Adm|Admitted]: {admit}  [D/C|Discharged]: {today}  LOS: {dur}\nSSN: {ssn}  Acct: {account}\n[Dictated by|Author]: {dr.sig}
== pt.header
{pt.formal}
{pt.full}
{pt.lastfirst}
{pt.upper}
{pt.last}, {pt.first}
{pt.tight}
{pt.quoted}
== nhdr
{date} {clock} [shift note|nursing note|RN note]. [Pt|pt] {pt.last}, {pt.first} {room} [MRN|mr#] {mrn}
{-heading:[NURSING NOTE|Nursing Shift Assessment|Nsg Note]} {date} {clock}\n{pt.lastfirst}  {room}
{mdslash} {clock} [pt|resident] {pt.title} {age}[yo|y/o] {sex} in {room}, [adm|admitted] {mdslash} [for|w/] {>w.dx}
== letterhead
{facility}\n{dr.street}\n{dr.city}, {dr.state} {dr.zip}\n[Tel|Phone|T|Ph]: {dr.phone}   [Fax|FAX|F]: {dr.fax}
{facility}\n{-heading:[Department of Neurology|Division of Cardiology|Department of Surgery|Outpatient Clinic]}\n[Phone|Office] {dr.phone} | [Fax|fax] {dr.fax} | {dr.email}
{dr.sig}\n{facility}\n{dr.address}\n{dr.phone} (office) {dr.fax} (fax)
== id.line
MRN: {mrn}
SSN: {ssn}
[Medicare|MBI|Medicare ID]: {mbi}
[Member ID|Subscriber ID|Insurance ID]: {member}
[Our ref|Your ref|File no.]: {subject}
[Address|Home address]: {pt.address}
[Phone|Tel|Cell]: {pt.phone}
== signature
{dr.sig}
[Electronically signed by|E-signed by|Signed|Authenticated by]: {dr.sig} [on |]{today} {clock}
[Dictated|D]: {date}  [Transcribed|T]: {date}\n{dr.sig}
Signed by {dr.sig} at {today} {clock}
/s/ {dr.full}
{dr.finit}, MD / {rn.initials}
{dr.sig}\n[Pager|pager|Beeper|pgr] [#|]{pager}
Attending: {dr.sig} ([NPI|NPI #|NPI:] {dr.npi})
I, {dr.sig}, personally [saw and examined|evaluated] the patient on {today} [and agree with the above|with {dr3.sig}].
{dr.full}, [PGY-2|PGY-3|MS4|PGY1] for {dr2}
Scribed by {rn.full} for {dr.sig}.
{dr.last}/{rn.last}
== cc.line
cc: {dr2.sig}[; {dr3.sig}|]
[CC|cc]: {dr2.full}, {facility2}, fax {dr2.fax}
[Copies to|Copy]: {dr2}, {dr3}
cc: {dr2}, {dr2.address}
== contact
[Phone|Tel|Office|Ph|T]: {dr.phone}
[Questions?|For questions] [call|contact] {dr.phone} [or email {dr.email}|].
[Fax results to|Please fax records to] {dr.fax}.
[The clinic|Our office] can be reached at {dr.phone} [or pager {pager}|].
[Page|Beep] {dr} at {pager} [with questions|for critical results].
[Nurse line|After hours]: {phone}
== form.title
{facility}\n{-heading:[PATIENT REGISTRATION|Patient Registration Form|FACE SHEET|Admission Record|INTAKE FORM|Demographics]}
{-heading:[NEW PATIENT INFORMATION|Patient Information|REGISTRATION FORM|Patient Demographics]}
== form.line
[Last Name|LAST NAME|Surname]: {pt.last}
[First Name|FIRST NAME|Given name]: {pt.first}
[Patient Name|Full legal name|Name (Last, First)]: {pt.lastfirst}
[Preferred name|Nickname|Goes by]: {pt.nick}
[Date of Birth|DOB|Birth Date]: {dob}   [Sex|Gender]: {sex}
[Age|AGE]: {age}   [Marital status|Marital]: [single|married|widowed|divorced]
[SSN|Social Security Number|Social Security #|SS#|Soc Sec No]: {ssn}
SSN: {ssnbare}
[Street Address|Address|Home Address]: {pt.street}
[City|CITY]: {pt.city}   [State|ST]: {pt.state}   [Zip|ZIP Code|Postal code]: {pt.zip}
[County|COUNTY]: {pt.county}
[Home Phone|Phone (H)|Telephone]: {pt.phone}
[Cell|Mobile|Cell Phone]: {pt.cell}
[Work Phone|Phone (W)]: {pt.work}   [Employer|]: [retired|self-employed|school district|unemployed]
[Email|E-mail Address|EMAIL]: {pt.email}
[MRN|Medical Record #|Chart #|Patient ID]: {mrn}
[Account #|Account No.|Billing Acct|Guarantor Account]: {account}
[Driver's License|DL #|Driver Lic|DLN]: {dl} [State|Issued by]: {pt.state}
[Passport|Passport No.]: {passport}
[Portal user|MyChart username|Login|User name]: {pt.user}
[Race|Language|Religion]: [declined|English|Spanish|none|Catholic|Hmong]   [Interpreter|]: [no|yes]
[Mother's maiden name|Mother's name]: {rel.last}
[Vehicle|License plate|Plate #|Tag]: {plate}
[Visit number|Encounter #|CSN]: {csn}
[Photo|Photo ID image|Picture on file]: {image}
== form.contact
[Emergency Contact|In case of emergency|ICE]: {rel.full} ({role})  [Phone|Tel|Ph]: {rel.phone}
[Next of Kin|NOK|Nearest relative]: {rel.full}, {role}, {rel.phone}
[Guarantor|Responsible party]: {rel2.formal}  [Relationship|Relation]: {role2}
[Healthcare Proxy|POA|HCPOA|Surrogate decision maker]: {rel.full} {rel.phone}
[Contact address|Mail to]: {rel.address}
[PCP|Primary Care Provider|Family doctor]: {dr2.sig}  [Fax|F]: {dr2.fax}
[Pharmacy|Preferred pharmacy]: [Main Street Pharmacy|the hospital pharmacy], {phone}
[Parent/Guardian|Legal guardian]: {rel.full}  DOB {rel.dob}  SSN {ssn}
== form.insurance
[Insurance|Primary Insurance|Payer]: [Aetna|Cigna|UnitedHealthcare|Blue Cross|Humana|Medicaid]   [Member ID|Subscriber ID|ID #|Policy #]: {member}
[Medicare Number|Medicare #|MBI|Medicare Beneficiary ID]: {mbi}
[Medicare claim no|HICN|Medicare HIC #]: {hicn}
[Group|Group #|Group Number]: {policy}
[Policy Number|Policy holder ID|Certificate #]: {policy}
[Medicaid ID|Medicaid #|Medi-Cal no.]: {policy}
[Subscriber|Insured|Policy holder]: {rel2.full}  [DOB|Birthdate]: {olddate}
[Card on file|Credit card|Visa|Copay card]: {card}
[Bank account|Checking acct]: {account}  [Routing|ABA|Routing #]: {routing}
[IBAN|Bank (IBAN)]: {iban}
[Workers comp claim|Claim #|Case number]: {subject}
[Copay|Co-pay due]: {money}   [Deductible|]: {money}
== form.clinical
[Height|Ht]: {ht}   [Weight|Wt]: {wt}   [BMI|Body mass index]: {bmi}
[BP|Blood pressure]: {bp}   [Pulse|HR]: {hr}   [Temp|T]: {temp}   [SpO2|O2 sat]: {spo2}
[Allergies|ALLERGIES]: {drug}, {drug} [(rash)|(hives)|(unknown)|]
[Pain score|Pain]: {pain}   [Smoking|Tobacco]: [never|former|1 ppd x {dur}]
[Diagnosis|Dx|Admitting Dx]: {>w.dx} ({icd})
[Procedure code|CPT]: {cpt}   [Modifier|Mod]: {order}
[Medication|Rx]: {drug} {dose} {freq}
[Visit reason|Complaint]: {>w.sx} x {dur}
[Immunizations|Last flu shot]: {year}   [Pneumovax|Tdap]: {year}
[Obstetric history|OB]: {gpa}   [LMP|EGA]: {gest}
[Form|Rev.]: {ver}   {pages}
[Room|Bed]: {room}   [Diet|Activity]: [regular|NPO|cardiac|as tolerated]
== form.pair
{-heading:[DEMOGRAPHICS|Demographics]}\n{pt.upper} {sex} {age}Y {dob}\n{pt.street} {pt.city} {pt.state} {pt.zip}\nH: {pt.phone}  C: {pt.cell}
Pt Name: {pt.tight} DOB: {dob} MRN: {mrn} SSN: {ssn}
[Ref|Referring]: {dr2.lastfirst} [NPI|NPI#]: {dr2.npi} [DEA|DEA#]: {dr2.dea} [Lic|License #]: {dr2.license}
[Prescriber|Ordering]: {dr.sig}  DEA[:| #|] {dr.dea}  NPI[:| #|] {dr.npi}
Rx: {drug} {dose} #{count} refills {order}  Sig: 1 tab PO {freq}
[Specimen|Accession|Acc #|Case]: {accession}  [Collected|Coll.]: {date} {clock}
{lab} [(|\[]{labrange}[)|\]] {lab} {lab}
ICD: {icd}, {icd}  CPT: {cpt}  [Units|Qty]: {order}
[IP|Client IP|Last login from]: {ip} [at {clock}|]  [Device|Workstation]: {mac}
[Portal|Patient link]: {pt.url}
[Biometric|Fingerprint ID|Palm scan template|Voiceprint]: {biometric}
[Plan|Payer]: [HMO|PPO|Medicare Advantage] {member} [Grp|Group] {policy}
[Emerg|ICE]: {rel.full} {role} {rel.phone}
[VIN|Vehicle VIN|VIN #]: {vin}  [Plate|Tag]: {plate}
{-heading:VITALS} {bp} {hr} {temp} {spo2} {wt}
== form.sign
[Signature|Signed]: {pt.full}   [Date|Dated]: {today}
[Verified by|Registered by|Clerk]: {rn.finit} {today} {clock}
[Patient signature|X]: ____________   [Witness|Witnessed by]: {rn.full} {today}
[Printed|Print date]: {today} {clock} [by|BY] {rn.user}   {pages}
