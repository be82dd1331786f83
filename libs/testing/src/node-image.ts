/** For containers of specs: the base that images are built on where there is no registry, with this process's own Node. */
export { ensureNodeBase as ensureNodeImage } from '../../../tools/images/node-base.ts';
