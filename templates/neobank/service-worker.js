{% autoescape off %}// Shows a page of our own where no page can be reached. It keeps that page and what it is made of, and never anything about a
// person: pages with money on them and answers of the API come from the bank or not at all.

const KEPT = {{ kept }};
{% endautoescape %}const FILES = new Set(KEPT.files.map((file) => new URL(file, self.location).href));

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(forget().then(() => self.clients.claim())));

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  if (method !== "GET") return;
  if (mode === "navigate") {
    event.respondWith(visit(event));
  } else if (FILES.has(url)) {
    event.respondWith(fetch(event.request).catch(() => kept(url)));
  }
});

async function keep() {
  const cache = await caches.open(KEPT.cache);
  await cache.addAll([new Request(KEPT.offline, { cache: "no-cache" }), ...FILES]);
}

// What earlier versions kept.
async function forget() {
  const old = (await caches.keys()).filter((name) => name.startsWith("neobank-") && name !== KEPT.cache);
  await Promise.all(old.map((name) => caches.delete(name)));
  // The page is asked for while this worker still wakes up.
  await self.registration.navigationPreload?.enable();
}

async function visit(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return kept(KEPT.offline);
  }
}

async function kept(url) {
  const cache = await caches.open(KEPT.cache);
  return (await cache.match(url)) ?? Response.error();
}
