"use strict";

// What the page knows, and how the moods lie over time.

const element = (id) => document.getElementById(id);
const numbers = JSON.parse(element("numbers").textContent);
const { moods, colours, waveform } = JSON.parse(element("drawing").textContent);
const { duration, segments, windows } = numbers;

const middles = windows.map((window) => (window.start + window.end) / 2);
const likelihoods = windows.map((window) => moods.map((mood) => window.probabilities[mood]));

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
const named = (mood) => mood[0].toUpperCase() + mood.slice(1);
const percent = (share) =>
  share > 0 && share < 0.005 ? "<1%" : `${Math.round(share * 100)}%`;

function clock(seconds) {
  const whole = Math.floor(Math.round(seconds * 1000) / 1000);
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
  return parts.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
}

/** Place of the last of some rising numbers that is not above a value; the first if all are. */
function lastUpTo(rising, value) {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return Math.max(low - 1, 0);
}

const starts = segments.map((segment) => segment.start);
const passageAt = (time) => lastUpTo(starts, time);

/** Likelihood of each mood at a time: straight lines between the middles of the windows. */
function likelihoodAt(time) {
  const left = lastUpTo(middles, time);
  const right = Math.min(left + 1, middles.length - 1);
  const gap = middles[right] - middles[left];
  const share = gap > 0 ? clamp((time - middles[left]) / gap, 0, 1) : 0;
  return likelihoods[left].map((value, mood) => value + (likelihoods[right][mood] - value) * share);
}

/** The likelihoods at equally spaced times, as the mean of what lies around each of them. */
function curves(points) {
  const samples = 8 * points;
  const sums = [new Float64Array(5)];
  for (let sample = 0; sample < samples; sample += 1) {
    const values = likelihoodAt(((sample + 0.5) / samples) * duration);
    sums.push(sums[sample].map((sum, mood) => sum + values[mood]));
  }
  const reach = Math.max(8, Math.min(samples / windows.length, samples / 8) / 2);
  return Array.from({ length: points }, (_, point) => {
    const middle = (point / (points - 1)) * samples;
    const from = Math.round(clamp(middle - reach, 0, samples - 1));
    const to = Math.round(clamp(middle + reach, from + 1, samples));
    return Array.from(sums[to], (sum, mood) => (sum - sums[from][mood]) / (to - from));
  });
}

const linear = colours.map((colour) =>
  [1, 3, 5].map((place) => (parseInt(colour.slice(place, place + 2), 16) / 255) ** 2.2),
);

/**
 * Mix the moods' colours as light. In proportion they would always come out grey: what is likely
 * weighs more, and the mood of the passage most.
 */
function blend(values, own) {
  const weights = values.map((value, mood) => (mood === own ? 3 : 1) * Math.max(value, 0.01) ** 3);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return [0, 1, 2].map((channel) =>
    weights.reduce((total, weight, mood) => total + (weight / sum) * linear[mood][channel], 0),
  );
}

const css = (light) =>
  `rgb(${light.map((value) => Math.round(255 * value ** (1 / 2.2))).join(" ")})`;
