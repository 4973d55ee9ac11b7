/*
 * Dark or light, before the first paint: as this browser was told by hand, else as its system is, also when that changes.
 * The faces of the office load it; the switch (client/DarkSwitch.vue) says `wucha:look` when it has kept another wish.
 */
(function () {
  'use strict'
  var system = window.matchMedia('(prefers-color-scheme: dark)')
  function dress() {
    var told = null
    try {
      told = JSON.parse(localStorage.getItem('wucha:look'))
    } catch (_) {
      // A private window or a broken word: the system decides.
    }
    var theme = told === 'dark' || told === 'light' ? told : system.matches ? 'dark' : 'light'
    document.documentElement.dataset.theme = theme === 'dark' ? 'dark' : ''
  }
  dress()
  system.addEventListener('change', dress)
  window.addEventListener('wucha:look', dress)
  window.addEventListener('storage', dress) // another tab of this browser was told
})()
