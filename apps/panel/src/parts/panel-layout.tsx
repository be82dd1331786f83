import {
  AppBar,
  Layout,
  Menu,
  RefreshIconButton,
  TitlePortal,
  ToggleThemeButton,
  UserMenu,
  type LayoutProps,
} from 'react-admin';
import { session } from '../api.ts';
import { Search } from './search/search.tsx';

const Buttons = () => (
  <>
    <ToggleThemeButton />
    <RefreshIconButton />
  </>
);

const PanelAppBar = () => (
  <AppBar toolbar={<Buttons />} userMenu={<UserMenu label={`${session.name}: log out`} />}>
    <TitlePortal component="h1" />
    <Search />
  </AppBar>
);

const PanelMenu = () => (
  <Menu>
    <Menu.DashboardItem primaryText="Overview" />
    <Menu.ResourceItems />
  </Menu>
);

/** What is around each page: its head has the search. */
export const PanelLayout = ({ children }: LayoutProps) => (
  <Layout appBar={PanelAppBar} menu={PanelMenu}>
    {children}
  </Layout>
);
