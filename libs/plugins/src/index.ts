export { loadPlugin, PluginError, type PluginClass } from './load-plugin.ts';
