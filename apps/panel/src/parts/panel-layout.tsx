import {
  AppBar,
  Layout,
  Menu,
  RefreshIconButton,
  TitlePortal,
  ToggleThemeButton,
  UserMenu,
  type AppBarProps,
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

const PanelAppBar = (given: AppBarProps) => (
  <AppBar {...given} toolbar={<Buttons />} userMenu={<UserMenu label={`${session.name}: log out`} />}>
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

/** What is around each page: its head, with the search, stays in sight. */
export const PanelLayout = ({ children }: LayoutProps) => (
  <Layout appBar={PanelAppBar} appBarAlwaysOn menu={PanelMenu}>
    {children}
  </Layout>
);
