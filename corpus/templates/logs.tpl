// Server logs.

== log
{logdate} INFO [auth|AuthFilter|session] [login ok|user logged in] user={pt.user} ip={ip} [ua="Mozilla/5.0 (X11)"|{ms}]
{ip} - {pt.user} \[{logdate}\] "GET /patients/{uuid}/chart?tab={order} HTTP/1.1" {status} {bytes}
{ip} - - \[{logdate}\] "POST /api/[v2|v1]/messages HTTP/1.1" {status} {bytes} "{pt.url}"
{logdate} WARN [MpiMatch|matcher] possible duplicate mrn={mrn} name="{pt.lastfirst}" dob={isodob} score={-number:0.87}
{logdate} ERROR [Mailer|smtp] bounce to=<{pt.email}> [code {-number:550 5.1.1}|retry in {ms}]
{logdate} DEBUG \[{traceid}\] [lookup|query] ssn={ssn} rows={order} took {ms}
{logdate} INFO [HL7Listener|mllp] port={port} PID|1||{mrn}^^^HOSP^MR||{pt.caret}||{compact}|{sex}
{logdate} INFO [sms|notify] sent reminder to [phone=|]{pt.phone} appt={future} template={ver}
{logdate} WARN [billing|Claims] rejected member={member} claim={subject} code={icd} amount={money}
{logdate} INFO [pacs|dicom] stored accession={accession} patientId={mrn} uid={oid} bytes={bytes}
{logdate} INFO [device|telemetry] mac={mac} serial={serial} [fw|firmware]={ver} battery={percent}
{logdate} ERROR [NullPointer|Timeout] at OrderService.java:{-number:214} patient={uuid} order={drug} {dose} {traceid}
{logdate} INFO [fax|FaxOut] queued to fax={fax} pages={order} [job|] {traceid}
{logdate} INFO [audit|AUDIT] {dr.user} viewed record of {pt.full} (MRN {mrn}) from {ip}
{logdate} WARN [kiosk|gate] fingerprint template={biometric} mismatch [retries={order}|]
{logdate} INFO [payments|pay] card={card} declined amount={money} [acct={account}|]
{logdate} INFO [geo|dispatch] unit {order} to {pt.street}, {pt.city} {pt.zip} [eta {ms}|]
level=info ts={ts} msg="referral sent" npi={dr.npi} to={dr.email} latency={ms}
\{"ts":"{ts}","level":"warn","msg":"eligibility failed","subscriber":"{member}","status":{status}\}
== log.clean
level=info msg="[healthcheck|ready|cache warm]" status={status} latency={ms} {traceid}
INFO [Scheduler|worker-{order}] job finished in {ms}, {percent} cache hits, {ver}
DEBUG GET /[metadata|healthz|fhir/metadata] {status} {bytes} {ms} {traceid}
WARN pool [exhausted|at {percent}], {order} waiting, retry {order}/{-number:5} in {ms}
INFO loaded [value set|code system] {uri} ({-number:1,204} codes) in {ms}
ERROR [OutOfMemory|SocketTimeout] at Main.java:{-number:88} heap {percent} {traceid}
INFO listening on port {port}, build {ver}, workers={order}
DEBUG profile {uri}|{ver} [validated|resolved] {oid} in {ms}
TRACE dose-check {drug} {dose} {freq} ok rule={-number:12.4.1}
INFO migration {ver} applied, {-number:42} tables, checksum {traceid}
