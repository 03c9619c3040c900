// Keeps the site for use without a network. The build puts VERSION and FILES before this line.

// Which of the programs for the network this browser runs, as the page says; see engine/network.js.
const program = new URL(self.location.href).searchParams.get("program") ?? "litert_wasm_internal";
const kept = [...FILES, `runtime/${program}.js`, `runtime/${program}.bin`];
const NAME = `vistazo ${self.registration.scope} ${VERSION}`;
const address = (path) => new URL(path === "index.html" ? "./" : path, self.registration.scope).href;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(NAME);
      await cache.addAll(kept.map((path) => new Request(address(path), { cache: "no-cache" })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const others = (await caches.keys()).filter(
        (name) => name.startsWith(`vistazo ${self.registration.scope} `) && name !== NAME,
      );
      // The page that is open is not claimed: Firefox would wait for the threads of its network, which never answer, and
      // nothing would be fetched any more.
      await Promise.all(others.map((name) => caches.delete(name)));
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(self.registration.scope)) return;
  event.respondWith(
    (async () => {
      const cache = await caches.open(NAME);
      const kept = await cache.match(request, { ignoreSearch: true });
      if (kept) return kept;
      const fresh = await fetch(request);
      if (fresh.status === 200) await cache.put(request, fresh.clone()); // not a part of a clip
      return fresh;
    })(),
  );
});
