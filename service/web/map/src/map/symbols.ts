/**
 * The signs of fire points: each status has a shape of its own and a colour of the Okabe-Ito set, so that neither
 * colour vision nor a black-and-white print loses one. One table draws the map, the legend and the list.
 */

import { svg } from '../core/dom.ts';

interface Sign {
  path: string;
  fill: string;
  stroke: string;
}

const CIRCLE = 'M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16z';
const RING = `${CIRCLE}M12 9a3 3 0 1 1 0 6a3 3 0 1 1 0-6z`;

export const SIGNS: Readonly<Record<string, Sign>> = {
  unverified: { path: CIRCLE, fill: '#d55e00', stroke: '#ffffff' },
  confirmed: { path: 'M4 4h16v16h-16z', fill: '#1a1a1a', stroke: '#ffffff' },
  denied: { path: RING, fill: '#0072b2', stroke: '#ffffff' },
  denial_unreviewed: { path: 'M12 21L22 4L2 4z', fill: '#56b4e9', stroke: '#00344f' },
  unreachable: { path: 'M7 3L12 8L17 3L21 7L16 12L21 17L17 21L12 16L7 21L3 17L8 12L3 7z', fill: '#6b6b6b', stroke: '#ffffff' },
  left_out: { path: RING, fill: '#8a8a8a', stroke: '#ffffff' },
};

/** Return the name of the sign of a point. */
export function signOf(screen: string, status: string): string {
  if (screen !== 'counted' && screen !== 'zone_unknown') return 'left_out';
  return status in SIGNS ? status : 'unverified';
}

/** Draw a sign for a page. */
export function icon(name: string, size = 16): SVGElement {
  const sign = SIGNS[name] ?? SIGNS['unverified']!;
  return svg(
    'svg',
    { viewBox: '0 0 24 24', width: size, height: size, 'aria-hidden': 'true', class: 'sign' },
    svg('path', { d: sign.path, fill: sign.fill, stroke: sign.stroke, 'stroke-width': 2, 'fill-rule': 'evenodd' }),
  );
}

/** Draw every sign for the map, at twice its size for sharp screens. */
export function drawSigns(ratio = 2): { name: string; image: ImageData; ratio: number }[] {
  const size = 24 * ratio;
  return Object.entries(SIGNS).map(([name, sign]) => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = size;
    const pen = canvas.getContext('2d', { willReadFrequently: true })!;
    pen.scale(ratio, ratio);
    const shape = new Path2D(sign.path);
    pen.lineWidth = 2.5;
    pen.strokeStyle = sign.stroke;
    pen.stroke(shape);
    pen.fillStyle = sign.fill;
    pen.fill(shape, 'evenodd');
    return { name, image: pen.getImageData(0, 0, size, size), ratio };
  });
}
