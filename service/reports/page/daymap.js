/* Draws one day on a Leaflet map. Text from the data only ever becomes text nodes, never markup. */
function drawDay(map, day) {
  "use strict";
  var canvas = L.canvas({ tolerance: 8, padding: 0.3 });
  map.createPane("borders").style.zIndex = 350;
  L.geoJSON(day.outlines, {
    pane: "borders",
    renderer: L.canvas({ pane: "borders", padding: 0.3 }),
    interactive: false,
    style: { color: "#52616b", weight: 1.2, fillColor: "#ffffff", fillOpacity: 0.85 },
  }).addTo(map);
  var names = L.layerGroup(
    day.outlines.features.map(function (feature) {
      var label = document.createElement("span");
      label.textContent = feature.properties.name;
      return L.marker(feature.properties.at, {
        icon: L.divIcon({ html: label, className: "county-name", iconSize: null }),
        interactive: false,
        keyboard: false,
      });
    })
  );
  function showNames() {
    var wanted = map.getZoom() >= (day.outlines.features.length > 20 ? 8 : 6);
    if (wanted !== map.hasLayer(names)) {
      if (wanted) names.addTo(map);
      else names.remove();
    }
  }
  map.on("zoomend", showNames);

  function popup(point) {
    var box = document.createElement("div");
    var head = document.createElement("h2");
    head.textContent = point.title;
    box.appendChild(head);
    var table = document.createElement("dl");
    point.facts.forEach(function (fact) {
      ["dt", "dd"].forEach(function (tag, index) {
        var cell = document.createElement(tag);
        cell.textContent = fact[index];
        table.appendChild(cell);
      });
    });
    box.appendChild(table);
    var go = document.createElement("p");
    go.className = "go";
    point.links.forEach(function (link) {
      var anchor = document.createElement("a");
      anchor.textContent = link[0];
      anchor.href = link[1];
      go.appendChild(anchor);
    });
    box.appendChild(go);
    return box;
  }

  function size() {
    var zoom = map.getZoom();
    return zoom < 6.5 ? 3.5 : zoom < 8 ? 5 : 6.5;
  }
  var circles = [];
  function circle(at, extra, options) {
    options.renderer = canvas;
    options.radius = size() + extra;
    var made = L.circleMarker(at, options).addTo(map);
    circles.push([made, extra]);
    return made;
  }

  map.fitBounds(day.bounds, { padding: [14, 14], maxZoom: 14 });
  /* The first of the patrol order is drawn last, so that it lies on top. */
  day.points.slice().reverse().forEach(function (point) {
    var gone = point.change === "withdrawn";
    if (point.change === "new" || point.change === "changed") {
      circle(point.at, 4, { stroke: false, fillColor: "#f5b800", fillOpacity: 0.7, interactive: false });
    }
    circle(point.at, 0, {
      color: gone ? point.colour : point.doubt ? "#111827" : "#ffffff",
      weight: point.doubt ? 2.2 : 1,
      dashArray: gone ? "3 3" : null,
      fillColor: point.colour,
      fillOpacity: gone ? 0 : 0.9,
    }).bindPopup(function () { return popup(point); }, {
      maxWidth: 310,
      minWidth: 230,
      maxHeight: Math.max(180, map.getSize().y - 70),
      autoPanPadding: [10, 10],
    });
  });

  map.on("zoomend", function () {
    circles.forEach(function (one) { one[0].setRadius(size() + one[1]); });
  });
  map.on("popupopen popupclose", function (event) {
    document.body.classList.toggle("reading", event.type === "popupopen");
  });
  L.control.zoom({ position: "bottomright", zoomInTitle: "放大", zoomOutTitle: "缩小" }).addTo(map);
  L.control.scale({ position: "bottomright", imperial: false }).addTo(map);
  showNames();
  window.addEventListener("resize", function () { map.invalidateSize(); });
  var legend = document.querySelector(".legend");
  map.getContainer().appendChild(legend);
  L.DomEvent.disableClickPropagation(legend);
  L.DomEvent.disableScrollPropagation(legend);
  if (window.matchMedia("(max-width: 600px)").matches) legend.open = false;
  document.documentElement.dataset.ready = "yes";
}
