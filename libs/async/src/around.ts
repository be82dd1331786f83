/**
 * A pause of about this length, between half of it and one and a half: many that were cut off at the same moment do not
 * come back at the same moment. @unit ms
 */
export const around = (pause: number): number => pause * (0.5 + Math.random());
