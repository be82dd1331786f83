import HistoryIcon from '@mui/icons-material/History';
import SettingsIcon from '@mui/icons-material/Settings';
import type { ReactNode } from 'react';
import { Admin, Resource } from 'react-admin';
import { authProvider } from '../auth-provider.ts';
import { dataProviderOf } from '../data-provider.ts';
import { cursorList, type Source } from '../sources.ts';
import { ChangeList } from './change-list.tsx';
import { Configuration } from './configuration/configuration.tsx';
import { PanelLayout } from './panel-layout.tsx';
import { darkTheme, lightTheme } from './theme.ts';

interface Props {
  title: string;
  overview: () => ReactNode;
  /** How the rows of each of its resources are asked for. */
  sources: Record<string, Source>;
  /** Its resources. */
  children: ReactNode;
}

/** A face of the panel: a service's own pages, and what all services have. */
export const Panel = ({ title, overview, sources, children }: Props) => (
  <Admin
    title={title}
    dataProvider={dataProviderOf({
      ...sources,
      changes: cursorList('changes', { id: 'id', cursor: 'before' }),
    })}
    authProvider={authProvider}
    loginPage={false}
    dashboard={overview}
    layout={PanelLayout}
    theme={lightTheme}
    darkTheme={darkTheme}
    disableTelemetry
  >
    {children}
    <Resource
      name="configuration"
      icon={SettingsIcon}
      options={{ label: 'Configuration', alsoCalled: ['CONSTANCE', 'Config'] }}
      list={Configuration}
    />
    <Resource name="changes" icon={HistoryIcon} options={{ label: 'Changes' }} list={ChangeList} />
  </Admin>
);
