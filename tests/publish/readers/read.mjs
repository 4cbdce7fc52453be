// Prints what podcast-partytime and feedsmith read in a feed, its JSON twin and an OPML list.
import { readFileSync } from "node:fs";
import { parseFeed } from "podcast-partytime";
import { parseJsonFeed, parseOpml, parseRssFeed } from "feedsmith";

const [rss, json, opml] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
const log = console.log;
console.log = console.warn = console.error = () => {}; // readers chat
const found = {
  partytime: parseFeed(rss, { allowMissingGuid: false }),
  feedsmith: parseRssFeed(rss),
  json: parseJsonFeed(json),
  opml: parseOpml(opml),
};
log(JSON.stringify(found));
