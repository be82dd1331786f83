import { AppBar, Layout, TitlePortal, type LayoutProps } from 'react-admin';
import { Search } from './search/search.tsx';

const PanelAppBar = () => (
  <AppBar>
    <TitlePortal />
    <Search />
  </AppBar>
);

/** What is around each page: its head has the search. */
export const PanelLayout = ({ children }: LayoutProps) => <Layout appBar={PanelAppBar}>{children}</Layout>;
