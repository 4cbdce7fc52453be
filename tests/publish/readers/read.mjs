// Prints what podcast-partytime and feedsmith read in a feed, its JSON twin and an OPML list, and
// what the W3C's validator of WebVTT finds wrong in transcripts.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parseFeed } from "podcast-partytime";
import { parseJsonFeed, parseOpml, parseRssFeed } from "feedsmith";
import webvtt from "webvtt-parser";

const [rss, json, opml, ...transcripts] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
const log = console.log;
console.log = console.warn = console.error = () => {}; // readers chat
const entities = createRequire(import.meta.url)("webvtt-parser/html-entities.json");
const captions = new webvtt.WebVTTParser(entities);
const found = {
  partytime: parseFeed(rss, { allowMissingGuid: false }),
  feedsmith: parseRssFeed(rss),
  json: parseJsonFeed(json),
  opml: parseOpml(opml),
  captions: transcripts.map((text) => captions.parse(text, "subtitles/captions/descriptions")),
};
log(JSON.stringify(found));
