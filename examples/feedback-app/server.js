// A form that keeps what people say: a draft goes to temp/, is checked, and becomes a file in feedback/.
const fs = require("node:fs/promises");
const path = require("node:path");

const express = require("express");
const sanitize = require("sanitize-filename");

const TEMP = path.join(__dirname, "temp");
const KEPT = path.join(__dirname, "feedback");
const LIMIT = 10_000;

const escaped = (text) =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const page = (title, body) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><link rel="stylesheet" href="/style.css">
<main><h1>${title}</h1>${body}</main></html>`;

const app = express();
app.use(express.urlencoded({ extended: false, limit: LIMIT }));
app.use(express.static("public"));

app.get("/", async (request, response) => {
  const names = await fs.readdir(KEPT).catch(() => []);
  const items = names.sort().map((name) =>
    `<li><a href="/feedback/${encodeURIComponent(name)}">${escaped(name.replace(/\.txt$/, ""))}</a></li>`);
  response.send(page("Your feedback", `
<form method="post" action="/create">
  <label>Title <input name="title" required maxlength="80"></label>
  <label>What you want to say <textarea name="text" rows="6" required></textarea></label>
  <button>Keep it</button>
</form>
<h2>Kept so far</h2><ul>${items.join("")}</ul>`));
});

app.get("/feedback/:name", async (request, response) => {
  const name = sanitize(request.params.name);
  try {
    response.type("text/plain").send(await fs.readFile(path.join(KEPT, name)));
  } catch {
    response.status(404).send(page("Nothing of that name", '<p><a href="/">Back</a></p>'));
  }
});

app.post("/create", async (request, response) => {
  const name = sanitize(String(request.body.title || "").trim().toLowerCase());
  const text = String(request.body.text || "");
  if (!name || !text) {
    response.status(400).send(page("A title and a text, please", '<p><a href="/">Back</a></p>'));
    return;
  }
  const draft = path.join(TEMP, `${name}.${process.pid}`);
  const kept = path.join(KEPT, `${name}.txt`);
  try {
    await fs.writeFile(draft, text);
    await fs.copyFile(draft, kept, fs.constants.COPYFILE_EXCL);
    response.status(201).send(page("It is kept", `<p><a href="/feedback/${encodeURIComponent(name)}.txt">Read it</a>, or go <a href="/">back</a></p>`));
  } catch (error) {
    const why = error.code === "EEXIST" ? "This title is taken" : `It could not be kept: ${error.code}`;
    response.status(error.code === "EEXIST" ? 409 : 500).send(page(why, '<p><a href="/">Back</a></p>'));
  } finally {
    await fs.rm(draft, { force: true });
  }
});

async function main() {
  for (const folder of [TEMP, KEPT]) {
    await fs.mkdir(folder, { recursive: true }).catch(() => {});
  }
  const port = Number(process.env.PORT || 80);
  const server = app.listen(port, () => console.log(`listening on port ${port}`));
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.on(signal, () => server.close(() => process.exit(0)));
  }
}

main();
