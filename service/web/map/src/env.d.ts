/// <reference types="vite/client" />

// The build that needs no blob: worker has the types of the ordinary one.
declare module 'maplibre-gl/dist/maplibre-gl-csp.js' {
  import maplibre from 'maplibre-gl';
  export * from 'maplibre-gl';
  export default maplibre;
}
