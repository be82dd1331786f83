import { defaultDarkTheme, defaultLightTheme, type RaThemeOptions } from 'react-admin';

const fonts = { fontFamily: 'system-ui, sans-serif' };

/** A page is as wide as its window: what is wider scrolls within it. */
const narrow: NonNullable<RaThemeOptions['components']> = {
  MuiTableCell: { styleOverrides: { sizeSmall: { paddingLeft: 8, paddingRight: 8 } } },
  RaLayout: { styleOverrides: { root: { minWidth: 0, '& .RaLayout-content': { minWidth: 0 } } } },
  RaList: {
    styleOverrides: {
      root: { '& .RaList-main': { minWidth: 0 }, '& .RaList-content': { overflowX: 'auto' } },
    },
  },
};

/** Nothing moves for those who have asked for that. */
const still: RaThemeOptions = matchMedia('(prefers-reduced-motion: reduce)').matches
  ? { transitions: { create: () => 'none' } }
  : {};

const withOwn = (theme: RaThemeOptions, palette: RaThemeOptions['palette']): RaThemeOptions => ({
  ...theme,
  ...still,
  palette: { ...theme.palette, ...palette },
  sidebar: { width: 264, closedWidth: 50 },
  typography: { ...theme.typography, ...fonts },
  components: { ...theme.components, ...narrow },
});

/** Dark enough to be read on every ground that a page has. */
export const lightTheme = withOwn(defaultLightTheme, {
  primary: { main: '#0b5cad' },
  secondary: { main: '#0b5cad' },
  error: { main: '#b3261e' },
  success: { main: '#1b6e2d' },
  warning: { main: '#a35200' },
});
export const darkTheme = withOwn(defaultDarkTheme, {
  primary: { main: '#90caf9' },
  error: { main: '#f2b8b5' },
});
