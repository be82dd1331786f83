/** Something of an hour that is a span of time. */
export interface PanelHourSpan {
  /** When the hour begins. */
  hour: string;
  seconds: number;
}
