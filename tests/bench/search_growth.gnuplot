# Draws what `search_growth` has measured: gnuplot -e "csv='FILE'; svg='FILE'" search_growth.gnuplot
set terminal svg size 960,480 font 'sans-serif,13' background rgb 'white'
set output svg
set datafile separator ','
set logscale xy
set format x '%.0s%c'
set xrange [1.5e3:1.4e6]
set grid
set linetype 1 lc rgb '#1d5c63'
set linetype 2 lc rgb '#b5651d'
set linetype 3 lc rgb '#6a3d9a'
set linetype 4 lc rgb '#2f7d32'
set linetype 5 lc rgb '#a83244'
set key left top reverse Left samplen 2
set multiplot layout 1,2 title 'What a question costs, by the number of records in the index'
set title 'median (µs); the dashed line grows as the records do'
plot for [column in '3 4 8 11'] csv using 1:(column(int(column))) with linespoints lw 2 pt 7 ps 0.6 title columnheader(int(column)), \
  x / 2000. * 2 with lines dt 2 lc rgb '#888888' notitle
set title 'median (µs)'
plot for [column in '5 6 7 9 10'] csv using 1:(column(int(column))) with linespoints lw 2 pt 7 ps 0.6 title columnheader(int(column)), \
  x / 2000. * 2 with lines dt 2 lc rgb '#888888' notitle
unset multiplot
