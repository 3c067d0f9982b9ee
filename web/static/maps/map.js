// Makes a map to move about in of the one that the server drew, when it is opened.
// List and map stay in step: what is pointed at in one is marked in the other.

const PIN_SIZE = 30;
const CLOSEST_ZOOM = 11;

for (const details of document.querySelectorAll("details.map")) {
  link(details);
  details.addEventListener("toggle", () => enlarge(details), { once: true });
  // Where the drawing is shown unopened, a button opens it.
  const button = Object.assign(document.createElement("button"), { type: "button", className: "button quiet", textContent: details.dataset.move });
  button.addEventListener("click", () => (details.open = true));
  details.append(button);
}

async function enlarge(details) {
  const { leaflet, leafletStyle, outlines } = details.dataset;
  try {
    const [land] = await Promise.all([
      fetch(outlines).then((answer) => answer.json()),
      loaded(Object.assign(document.createElement("link"), { rel: "stylesheet", href: leafletStyle })),
      window.L || loaded(Object.assign(document.createElement("script"), { src: leaflet })),
    ]);
    for (const drawing of details.querySelectorAll(".drawn-map")) replace(drawing, land, details.dataset);
    link(details);
  } catch {
    // The drawing stays.
  }
}

function loaded(element) {
  return new Promise((resolve, reject) => {
    element.onload = resolve;
    element.onerror = reject;
    document.head.append(element);
  });
}

function replace(drawing, land, { tiles, credit, zoomIn, zoomOut }) {
  const box = document.createElement("div");
  box.className = "large-map";
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", drawing.getAttribute("aria-label"));
  drawing.before(box);
  const map = L.map(box, { zoomControl: false, scrollWheelZoom: false, attributionControl: Boolean(tiles) });
  const places = [...drawing.querySelectorAll(".pin, .centre")];
  map.fitBounds(places.map(positionOf), { padding: [PIN_SIZE, PIN_SIZE], maxZoom: CLOSEST_ZOOM });
  L.control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
  if (tiles) {
    map.attributionControl.setPrefix(false);
    L.tileLayer(tiles, { attribution: credit, maxZoom: 19 }).addTo(map);
  }
  L.geoJSON(land, { interactive: false, style: { className: tiles ? "border" : "land", fillOpacity: tiles ? 0 : 1, weight: 1 } }).addTo(map);
  for (const place of places) {
    const name = place.getAttribute("aria-label");
    const marker = L.marker(positionOf(place), {
      icon: L.divIcon({ className: place.classList[0], html: text(place), iconSize: [PIN_SIZE, PIN_SIZE] }),
      title: name,
      keyboard: place.matches(".pin"),
      interactive: place.matches(".pin"),
    }).addTo(map);
    const go = () => location.assign(place.getAttribute("href"));
    marker.on("click", go).on("keypress", ({ originalEvent }) => originalEvent.key === "Enter" && go());
    marker.getElement().setAttribute("aria-label", name);
    marker.getElement().dataset.target = place.getAttribute("href") || "";
  }
  drawing.remove();
}

function positionOf({ dataset }) {
  return [Number(dataset.latitude), Number(dataset.longitude)];
}

function text(place) {
  const span = document.createElement("span");
  span.textContent = place.matches(".pin") ? place.textContent.trim() : "+";
  return span;
}

function link(details) {
  for (const pin of details.querySelectorAll(".pin")) {
    const target = pin.dataset.target || pin.getAttribute("href");
    const hit = target && document.getElementById(target.slice(1));
    if (!hit) continue;
    for (const [one, other] of [[pin, hit], [hit, pin]]) {
      for (const event of ["pointerenter", "focusin"]) {
        one.addEventListener(event, () => other.classList.add("pointed-at"));
      }
      for (const event of ["pointerleave", "focusout"]) {
        one.addEventListener(event, () => other.classList.remove("pointed-at"));
      }
    }
  }
}
