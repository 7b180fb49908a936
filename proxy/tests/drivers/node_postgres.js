// node-postgres, with its cursors and COPY streams.

const fs = require("fs");
const { Client } = require("pg");
const Cursor = require("pg-cursor");
const copy = require("pg-copy-streams");
const { finished } = require("stream/promises");

const cases = JSON.parse(fs.readFileSync(process.env.MATRIX, "utf8")).cases;

class Unsupported extends Error {}

// It reads every value as UTF-8 before it is parsed, also binary ones; its own parser of numbers does not expect that.
const INT4 = 23;
const number = (text) => Buffer.from(text, "utf8").readInt32BE(0);
const types = { getTypeParser: (oid, format) => (format === "binary" && oid === INT4 ? number : (text) => text) };

const cells = (rows) => rows.map((row) => row.map((cell) => (cell === null ? null : String(cell))));

async function main() {
  for (const binary of [false, true]) {
    const client = new Client();
    await client.connect();
    for (const one of cases) {
      const told = { case: one.name, mode: binary ? "binary" : "text" };
      try {
        told.got = await run(client, one, binary);
      } catch (error) {
        if (error instanceof Unsupported) told.unsupported = error.message;
        else told.failed = String(error);
      }
      console.log(JSON.stringify(told));
    }
    await client.end();
  }
}

async function run(client, one, binary) {
  const { sql } = one;
  const ask = async (text, values, more) => {
    const result = await client.query({ text, values, binary, types, rowMode: "array", ...more });
    return cells(result.rows);
  };
  const code = (asked) => asked.then(() => "no error", (error) => error.code);
  switch (one.do) {
    case "query":
      return ask(sql, one.params);
    case "prepared": {
      const all = [];
      for (const params of one.params) all.push((await ask(sql, params, { name: "again" }))[0]);
      return all;
    }
    case "pipeline":
      // Its queries wait for each other in the client.
      return (await Promise.all(one.params.map((params) => ask(sql, params)))).map((rows) => rows[0]);
    case "copy_out": {
      const stream = client.query(copy.to(sql + (binary ? " (FORMAT binary)" : "")));
      const pieces = [];
      for await (const piece of stream) pieces.push(piece);
      return Buffer.concat(pieces).toString("latin1");
    }
    case "copy_in": {
      if (binary) throw new Unsupported("it writes no binary COPY by itself");
      await client.query(`TRUNCATE ${one.table}`);
      const stream = client.query(copy.from(`COPY ${one.table} (${one.columns.join(", ")}) FROM STDIN`));
      stream.end(one.rows.map((row) => row.join("\t") + "\n").join(""));
      await finished(stream);
      return ask(one.then);
    }
    case "cursor": {
      const cursor = client.query(new Cursor(sql, [], { rowMode: "array" }));
      let count = 0;
      for (;;) {
        const some = await cursor.read(one.size);
        count += some.length;
        if (some.length < one.size) break;
      }
      await cursor.close();
      return [[String(count)]];
    }
    case "cancel": {
      const { Query } = require("pg");
      const query = new Query({ text: sql });
      const failed = new Promise((done) => query.on("error", (error) => done(error.code)).on("end", () => done("no error")));
      client.query(query);
      setTimeout(() => new Client().cancel(client, query), 500);
      return [[await failed]];
    }
    case "error":
      return [[await code(ask(sql, []))]];
    case "transaction": {
      await client.query("BEGIN");
      const codes = [[await code(ask(sql, []))], [await code(ask("SELECT 1 AS one", []))]];
      await client.query("ROLLBACK");
      return codes;
    }
    default:
      throw new Unsupported(one.do);
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
