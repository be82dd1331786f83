#!/usr/bin/env node
import 'reflect-metadata';
import { allowSlowAddresses } from '@horde/network';
import { hordeProgram } from './program/program.ts';

allowSlowAddresses();

// ./horde says where its checkout is.
await hordeProgram(Boolean(process.env['HORDE_ROOT'])).parseAsync();
