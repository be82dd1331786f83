/** How long a run's claim to a job holds after its last renewal. A job whose process was killed is taken over so late. @unit ms */
export const lease = 10_000;
/** How often claims are renewed. @unit ms */
export const renewalInterval = 3_000;
