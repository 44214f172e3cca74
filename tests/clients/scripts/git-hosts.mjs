// A stand-in for the APIs of Git hosts. Each request is held against the host's published description
// (method, path, query, body); what does not fit is a violation. Answers as the host would, and keeps
// comments, so that editing and searching work. node git-hosts.mjs <folder with node_modules> <folder of specs>
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const [, , modules, specs] = process.argv;
const require = createRequire(join(modules, "package.json"));
const Ajv = require("ajv");

const spec = (name) => JSON.parse(readFileSync(join(specs, `${name}.json`), "utf8"));
const documents = {
  github: require("@octokit/openapi/generated/api.github.com.json"),
  gitlab: spec("gitlab"),
  bitbucket: spec("bitbucket"),
  gitea: spec("gitea"),
};
// Lengths that the hosts enforce and their descriptions do not write down as such.
const lengths = { "repos/create-commit-status": { description: 140 }, "repos/create-deployment-status": { description: 140 } };

const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
for (const [name, document] of Object.entries(documents)) ajv.addSchema(document, name);
const pointer = (part) => part.replaceAll("~", "~0").replaceAll("/", "~1");
const compiled = new Map();
function validator(reference) {
  if (!compiled.has(reference)) compiled.set(reference, ajv.compile({ $ref: reference }));
  return compiled.get(reference);
}

/** The templates of a host that fit a path, those with fewest placeholders first. */
function find(host, parts) {
  const fits = (template) => {
    const wanted = template.split("/").slice(1);
    return wanted.length === parts.length && wanted.every((part, n) => part.startsWith("{") || part === parts[n]);
  };
  const holes = (template) => template.split("{").length;
  return Object.keys(documents[host].paths).filter(fits).sort((a, b) => holes(a) - holes(b))[0];
}

const resolve = (host, thing) =>
  thing.$ref ? thing.$ref.slice(2).split("/").reduce((at, part) => at[part], documents[host]) : thing;

function checkValue(schema, text, where) {
  const type = schema.type ?? "string";
  const value = type === "integer" || type === "number" ? Number(text) : text;
  const check = ajv.compile(schema);
  return check(value) ? [] : [`${where} ${text}: ${ajv.errorsText(check.errors)}`];
}

/** What does not fit, and the operation. */
function judge(host, request) {
  const { method, parts, query, headers, text } = request;
  const template = find(host, parts);
  const operation = template && documents[host].paths[template][method.toLowerCase()];
  if (!operation) return { violations: [`${method} /${parts.join("/")} is no operation of ${host}`] };
  const violations = [];
  const named = [...(documents[host].paths[template].parameters ?? []), ...(operation.parameters ?? [])].map((p) => resolve(host, p));
  template.split("/").slice(1).forEach((part, n) => {
    const parameter = named.find((p) => p.in === "path" && `{${p.name}}` === part);
    if (parameter) violations.push(...checkValue(parameter.schema, parts[n], `path ${parameter.name}`));
  });
  for (const [name, value] of query) {
    const parameter = named.find((p) => p.in === "query" && p.name === name);
    if (parameter) violations.push(...checkValue(parameter.schema, value, `query ${name}`));
    else violations.push(`query ${name} is unknown`);
  }
  const wanted = operation.requestBody?.content?.["application/json"];
  if (wanted) {
    const base = `${host}#/paths/${encodeURIComponent(pointer(template))}/${method.toLowerCase()}/requestBody/content/application~1json/schema`;
    const check = validator(base);
    let body;
    try { body = JSON.parse(text); } catch { violations.push("the body is no JSON"); }
    if (body && !check(body)) violations.push(ajv.errorsText(check.errors));
    const known = wanted.schema.properties ?? {};
    for (const name of Object.keys(body ?? {})) if (!(name in known)) violations.push(`body.${name} is unknown`);
    for (const [name, most] of Object.entries(lengths[operation.operationId] ?? {}))
      if ([...(body?.[name] ?? "")].length > most) violations.push(`body.${name} is longer than ${most}`);
    if (headers["content-type"] !== "application/json") violations.push(`content type ${headers["content-type"]}`);
  } else if (text) violations.push("a body where none belongs");
  violations.push(...manners(host, headers));
  return { operation: operation.operationId, violations };
}

/** How each host wants to be asked. */
function manners(host, headers) {
  const wrong = [];
  const form = { github: /^Bearer \S+$/, gitlab: /^Bearer \S+$/, bitbucket: /^(Bearer|Basic) \S+$/, gitea: /^token \S+$/ }[host];
  if (!form.test(headers.authorization ?? "")) wrong.push("the Authorization header has another form");
  if (!headers["user-agent"]) wrong.push("no User-Agent");
  if (host === "github" && headers["x-github-api-version"] !== "2022-11-28") wrong.push("no X-GitHub-Api-Version");
  return wrong;
}

const [queue, comments, deployments, jobs] = [[], new Map(), [], new Map()];
let [log, last] = [[], 1000];
const next = () => (last += 1);

/** What the host answers: [status, body]. */
function answer(host, { method, parts, query, text, path }) {
  const body = text ? JSON.parse(text) : undefined;
  const note = parts.at(-2) === "notes" || (parts.at(-2) === "comments" && parts.at(-1) !== "comments");
  const list = parts.at(-1) === "notes" || parts.at(-1) === "comments";
  if (list && method === "GET") {
    const [page, size] = [Number(query.get("page") ?? 1), Number(query.get("per_page") ?? 30)];
    const all = [...comments.values()].filter((one) => one.list === path);
    return [200, all.slice((page - 1) * size, page * size).map(({ id, body }) => ({ id, body }))];
  }
  if (list) {
    const id = next();
    comments.set(String(id), { id, body: body.body, list: path, edits: 0 });
    return [201, { id, body: body.body }];
  }
  if (note) {
    const one = comments.get(parts.at(-1));
    if (!one) return [404, { message: "Not Found" }];
    one.body = body.body;
    one.edits += 1;
    return [200, { id: one.id, body: one.body }];
  }
  if (parts.at(-1) === "deployments" && method === "GET") return [200, deployments.filter((one) => one.sha === query.get("sha"))];
  if (parts.at(-1) === "deployments") {
    const made = { id: next(), sha: body.ref, payload: body.payload, environment: body.environment };
    deployments.push(made);
    return [201, made];
  }
  if (host === "gitlab" && parts.at(-2) === "statuses") {
    const key = `${path} ${body.name}`;
    const before = jobs.get(key);
    if (before === body.state || (before === "running" && body.state === "pending"))
      return [400, { message: `Cannot transition status via :enqueue from :${before} (Reason(s): Status cannot transition via "enqueue")` }];
    jobs.set(key, body.state);
  }
  return [method === "PATCH" ? 200 : 201, { id: next() }];
}

function control(path, text, response) {
  const send = (value) => response.end(JSON.stringify(value));
  if (path === "/_/log") return send(log);
  if (path === "/_/comments") return send([...comments.values()]);
  if (path === "/_/clear") { log = []; return send({}); }
  if (path === "/_/next") { queue.push(JSON.parse(text)); return send({}); }
  if (path === "/_/forget") { comments.clear(); return send({}); }
  response.statusCode = 404;
  send({});
}

const server = createServer((incoming, response) => {
  const chunks = [];
  incoming.on("data", (chunk) => chunks.push(chunk));
  incoming.on("end", () => {
    const text = Buffer.concat(chunks).toString("utf8");
    const url = new URL(incoming.url, "http://host");
    if (url.pathname.startsWith("/_/")) return control(url.pathname, text, response);
    // a part of a path may hold an escaped slash, which must stay in it
    const [host, ...parts] = url.pathname.split("/").slice(1).map(decodeURIComponent);
    const request = { method: incoming.method, path: url.pathname, parts, query: url.searchParams, headers: incoming.headers, text };
    const { operation, violations } = documents[host] ? judge(host, request) : { violations: [`no host ${host}`] };
    const forced = queue.shift();
    const [status, body] = forced ? [forced.status, forced.body ?? {}] : violations.length ? [422, { violations }] : answer(host, request);
    const { authorization, host: _, ...headers } = incoming.headers;
    log.push({ method: request.method, path: request.path, query: url.search, operation, headers, body: text ? JSON.parse(text) : null, status, violations });
    response.writeHead(status, { "content-type": "application/json", ...(forced?.headers ?? {}) });
    response.end(JSON.stringify(body));
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
