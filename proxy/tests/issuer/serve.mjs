// A real issuer of tokens: `oidc-provider` from the registry, as it comes, with one agent, one portal for people, and one person.
// Prints one line of JSON with its address and with tokens that its clients asked it for over HTTP; then serves its keys until
// its input ends.
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const { Provider } = await import(pathToFileURL(`${process.env.MODULES}/oidc-provider/lib/index.js`));
const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const callback = `${issuer}/callback`;
const OURS = "https://blackbar.test/api";

const provider = new Provider(issuer, {
  clients: [
    { client_id: "summariser", client_secret: "s-1", grant_types: ["client_credentials"], redirect_uris: [], response_types: [] },
    {
      client_id: "portal", client_secret: "s-2", grant_types: ["authorization_code"], response_types: ["code"],
      redirect_uris: [callback], application_type: "native",
    },
  ],
  cookies: { keys: ["a key of no consequence"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  extraTokenClaims: (_, token) => ({ groups: token.accountId ? ["idp-clinicians"] : ["idp-agents"] }),
  pkce: { required: () => true },
  features: {
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({
        scope: "read", audience: resource === OURS ? "blackbar" : resource, accessTokenTTL: 600, accessTokenFormat: "jwt",
      }),
    },
  },
});
server.on("request", provider.callback());

const basic = (id, secret) => ({ authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` });
const form = (fields) => ({ method: "POST", body: new URLSearchParams(fields) });

async function token(headers, fields) {
  const answer = await fetch(`${issuer}/token`, { ...form(fields), headers });
  const told = await answer.json();
  if (!answer.ok) throw new Error(JSON.stringify(told));
  return told;
}

const agent = (resource) =>
  token(basic("summariser", "s-1"), { grant_type: "client_credentials", ...(resource ? { resource, scope: "read" } : {}) });

// What a browser does when somebody signs in and agrees.
async function person(name) {
  const cookies = new Map();
  const go = async (url, init = {}) => {
    const jar = [...cookies].map(([key, value]) => `${key}=${value}`).join("; ");
    const answer = await fetch(new URL(url, issuer), { ...init, redirect: "manual", headers: { cookie: jar } });
    for (const set of answer.headers.getSetCookie()) {
      const [, key, value] = /^([^=]+)=([^;]*)/.exec(set);
      if (value) cookies.set(key, value);
      else cookies.delete(key);
    }
    return answer;
  };
  const verifier = randomBytes(32).toString("base64url");
  const asked = new URLSearchParams({
    client_id: "portal", response_type: "code", redirect_uri: callback, scope: "openid read", resource: OURS, state: "s",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256",
  });
  let at = (await go(`/auth?${asked}`)).headers.get("location");
  for (const fields of [{ prompt: "login", login: name, password: "p" }, { prompt: "consent" }]) {
    const page = await (await go(at)).text();
    const to = /action="([^"]+)"/.exec(page)[1];
    const resumed = (await go(to, form(fields))).headers.get("location");
    at = (await go(resumed)).headers.get("location");
  }
  const code = new URL(at).searchParams.get("code");
  return token(basic("portal", "s-2"), {
    grant_type: "authorization_code", code, redirect_uri: callback, code_verifier: verifier, resource: OURS,
  });
}

const [ours, others, opaque, alice, again] = [
  await agent(OURS), await agent("https://elsewhere.test/"), await agent(), await person("alice"), await agent(OURS),
];
console.log(JSON.stringify({
  issuer, agent: ours.access_token, second: again.access_token, other: others.access_token, opaque: opaque.access_token,
  person: alice.access_token, id_token: alice.id_token,
}));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
