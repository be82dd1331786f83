import { CreateButton, TopToolbar } from 'react-admin';
import { mayOperate } from '../auth-provider.ts';

/** Above a list: leads to the page that puts one more on it. Who may only look has none. @param label what that does */
export const AddButton = ({ label }: { label: string }) => (
  <TopToolbar>{mayOperate() && <CreateButton label={label} />}</TopToolbar>
);
