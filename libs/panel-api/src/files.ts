/** What a job gets, or leaves. */
export interface PanelFiles {
  type: string;
  path: string | null;
}
